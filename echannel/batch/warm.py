"""What the process that reports are forked from has ready: libraries, words, templates, rules.

Nothing here starts a thread or opens a store.
"""

from __future__ import annotations

import contextlib
from datetime import date

from nbformat.v4 import new_code_cell, new_notebook, new_output

from echannel.batch.inprocess import prepare_kernels
from echannel.batch.pages import Frame, Words, environment, report_page
from echannel.countries import country_pack
from echannel.countries.agreements import access
from echannel.countries.statements import statements_of
from echannel.countries.trade.duties import duties_of
from echannel.errors import UserError
from echannel.kernels import keep_for_forks, warm_up
from echannel.locale import LANGUAGES, Speaker
from echannel.reference import fx, snapshot
from echannel.register.database import Register
from echannel.views.export import workbook_form
from echannel.views.paper import register_fonts
from echannel.views.tools import TOOLS

# Imported by others once they are first used.
_LATE = (
    "echannel.batch.execute",
    "echannel.metrics.inventory.trials",
    "echannel.plans",
    "encodings.mac_roman",
    "encodings.utf_8_sig",
    "pandas.core.methods.to_dict",
    "pandas.core.reshape.reshape",
    "pyarrow.pandas_compat",
    "reportlab.graphics.renderPDF",
    "reportlab.pdfbase.ttfonts",
    "reportlab.platypus",
    "xlsxwriter",
)

_DAY = date(2026, 1, 1)  # any on which there are rules
_YEARS = 5  # before and after it whose holidays a past and a plan ask for


def warm_reports() -> None:
    """Make ready whatever does not depend on whose report it is."""
    warm_up(*_LATE)
    _warm_template()
    with contextlib.suppress(UserError):  # a pack with a mistake: the page that needs it says so
        _warm_rules()
    prepare_kernels(len(TOOLS) * len(LANGUAGES))  # as many as one child may run
    for language in LANGUAGES:
        workbook_form(language)
    register_fonts()
    keep_for_forks()


def _warm_template() -> None:
    """Compiles the pages' templates: the first page would wait for that."""
    cell = new_code_cell("1", outputs=[new_output("display_data", {"text/html": "<p></p>"})])
    for language in LANGUAGES:
        frame = Frame(language, "", "", Words.of(Speaker(language)))
        with contextlib.suppress(Exception):  # a page that cannot be made says so itself
            report_page(new_notebook(cells=[cell]), frame)
    environment().get_template("message.html.j2")


def _warm_rules() -> None:
    """Reads the rules and figures that come with the program: a page does so when it first asks for them."""
    for home, market in (("GB", "FR"), ("FR", "GB")):
        for language in LANGUAGES:
            country_pack(home).public_holidays(range(_DAY.year - _YEARS, _DAY.year + _YEARS), language)
        statements_of(home)
        access(home, market, _DAY)
        duties_of(home, market, "b2c", _DAY)
    fx.covered()
    snapshot.markets()
    # The database's library maps the tables of the register on first use.
    Register("sqlite://")

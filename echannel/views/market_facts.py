"""What the cards of the market page share: which home, which customers, which market, which day's rules."""

from __future__ import annotations

from datetime import date

import pandas as pd

from echannel.views.context import View


def home(view: View) -> str:
    """The country that the firm sells from."""
    return view.sme.profile.country


def kind_of(view: View) -> str:
    """Whom the firm would sell to abroad: ``b2c`` or ``b2b``; firms that do both start from consumers."""
    return view.choice.market.kind or view.sme.profile.default_kind


def rules_day(view: View) -> date:
    """The day whose rules hold: the reader's, else today where the firm is."""
    return view.choice.market.rules_on or pd.Timestamp.now(tz=view.sme.profile.timezone).date()

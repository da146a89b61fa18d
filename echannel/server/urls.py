"""Where the pages of the dashboard server are."""

from __future__ import annotations

from urllib.parse import quote, urlencode

RENDER = "/voila/render/"
REPORTS = "/echannel/report/"


def dashboard_url(notebook: str, **query: str) -> str:
    """The address of a notebook's page: ``/voila/render/growth.ipynb?sme=…&lang=…``."""
    return f"{RENDER}{notebook}.ipynb?{urlencode(query)}"


def report_url(cohort: str, sme: str, tool: str, language: str) -> str:
    """The address of a report that the batch made: ``/echannel/report/<cohort>/<sme>/growth.fr.html``."""
    return f"{REPORTS}{quote(cohort)}/{quote(sme)}/{tool}.{language}.html"

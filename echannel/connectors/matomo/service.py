"""One Matomo: its token in the body of the request, its errors that come with a good status."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from echannel.connectors.base import SourceContext
from echannel.connectors.failures import SourceError
from echannel.connectors.http import Answer, Api, Limits, Request
from echannel.connectors.rest import Record, number, secret

LIMIT = 500
"""Visits of one page of the log."""
_COLUMNS = "idVisit,referrerType,referrerName,countryCode,deviceType"
_TOKEN, _ACCESS, _REFUSED = "matomo.error.token", "matomo.error.no_access", "matomo.error.refused"


class Service:
    """Asks one site's reports and its log of visits."""

    def __init__(
        self, address: str, options: Mapping[str, Any], context: SourceContext, limits: Limits
    ) -> None:
        self.api = Api(address, context, options=options, limits=limits, explain=explain)
        self._token, self.site = secret(context, "token"), str(options["site"])
        self.now = datetime.now(UTC)

    def ask(self, method: str, **parameters: Any) -> Any:
        """What a method of the API gives back.

        Raises
        ------
        SourceError
            Also where Matomo says with a good status that something went wrong.
        """
        form = {
            "module": "API",
            "method": method,
            "format": "JSON",
            "idSite": self.site,
            "language": "en",
            "token_auth": self._token.get_secret_value().strip(),
            **parameters,
        }
        answer = self.api.send(Request("index.php", method="POST", form=form))
        self.now = answer.server_time or self.now
        said = answer.json()
        if isinstance(said, dict) and said.get("result") == "error":
            raise _refusal(answer, method, str(said.get("message") or "").casefold())
        return said

    def about(self) -> Record:
        """The site: its name, time zone and when it was made."""
        said = self.ask("SitesManager.getSiteFromId")
        site = said[0] if isinstance(said, list) and said else said
        if not isinstance(site, dict) or not site:
            raise SourceError("forbidden", _ACCESS, host=self.api.host, site=self.site)
        return site

    def totals(self, first: date, last: date) -> dict[date, float]:
        """Visits by day; days without are left out."""
        said = self._by_day("VisitsSummary.get", first, last)
        found = {day: number(row.get("nb_visits"), 0.0) for day, row in said.items() if isinstance(row, dict)}
        return {day: visits for day, visits in found.items() if visits > 0}

    def referrers(self, first: date, last: date) -> dict[date, list[Record]]:
        """The report of all referrers by day."""
        said = self._by_day("Referrers.getAll", first, last)
        return {day: rows for day, rows in said.items() if isinstance(rows, list)}

    def visits(self, day: date) -> list[Record] | None:
        """The log of a day; None where there is none that may be read."""
        found: dict[Any, Record] = {}
        offset = 0
        while True:
            try:
                rows = self.ask(
                    "Live.getLastVisitsDetails",
                    period="day",
                    date=day.isoformat(),
                    doNotFetchActions="1",
                    showColumns=_COLUMNS,
                    filter_limit=str(LIMIT),
                    filter_offset=str(offset),
                )
            except SourceError as failure:
                if failure.key not in (_REFUSED, _ACCESS):
                    raise
                return None
            found |= {row["idVisit"]: row for row in rows if isinstance(row, dict) and "idVisit" in row}
            if len(rows) < LIMIT:
                return list(found.values())
            offset += LIMIT

    def _by_day(self, method: str, first: date, last: date) -> dict[date, Any]:
        between = f"{first.isoformat()},{last.isoformat()}"
        # Without a limit, Matomo keeps the hundred first rows to itself.
        said = self.ask(method, period="day", date=between, filter_limit="-1")
        if not isinstance(said, dict):
            return {}
        return {date.fromisoformat(day): value for day, value in said.items()}


def _refusal(answer: Answer, method: str, message: str) -> SourceError:
    """What a refusal means; its own words are not repeated."""
    if "authenticate" in message or "token" in message:
        return answer.failure("unauthorised", _TOKEN)
    if "access" in message:
        return answer.failure("forbidden", _ACCESS, site="")
    return answer.failure("request", _REFUSED, method=method)


def explain(answer: Answer) -> SourceError | None:
    """What a status means here: newer versions refuse a token with 401."""
    if answer.status in (401, 403):
        return answer.failure("unauthorised", _TOKEN)
    return None

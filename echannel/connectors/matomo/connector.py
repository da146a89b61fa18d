"""Matomo's Reporting API as a source: visits by day, source, medium, country and device."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from echannel.connectors.base import Batch, Description, Finding, Given, Note, SourceContext
from echannel.connectors.failures import SourceError
from echannel.connectors.http import Limits
from echannel.connectors.matomo.service import Service
from echannel.connectors.rest import Record, batch, blocked, checked_options, code, number, shape, text
from echannel.errors import UserError

OPTIONS = frozenset({"site", "since"})
_READING = "1"
"""Raised when rows come out differently: then everything is read anew."""
_STEP = timedelta(days=31)
_AGAIN = timedelta(days=3)
"""The last days are read again: Matomo may still have been adding them up."""
_DAY = timedelta(days=1)
_UNKNOWN = "(unknown)"
_ALL = "(all)"
_MEDIA = {
    "direct": "(none)",
    "search": "organic",
    "website": "referral",
    "social": "social",
    "campaign": "campaign",
    "ai-assistant": "referral",
}
_KINDS = {1: "direct", 2: "search", 3: "website", 6: "campaign", 7: "social", 8: "ai-assistant"}
"""What the report of referrers calls them."""
_DEVICES = {"desktop": "desktop", "tablet": "tablet", "smartphone": "mobile", "phablet": "mobile"}
_DEVICES |= {"feature phone": "mobile"}
_FIXES = {
    "matomo.error.token": "matomo.fix.token",
    "matomo.error.no_access": "matomo.fix.access",
    "connect.error.html": "matomo.fix.address",
    "connect.error.not_found": "matomo.fix.address",
}


class MatomoConnector:
    """A site in a Matomo.

    Options: ``address`` (https://matomo.example, without index.php), ``site`` (its number), ``since`` (first
    day; else the day the site was made). Secret: ``token``.
    """

    describes: ClassVar[Description] = Description(
        platform="Matomo",
        versions="4, 5",
        secrets=("token",),
        gives={"visits": Given(lacks=("product_views", "add_to_carts", "checkouts", "orders", "cost"))},
        history="matomo.history",
        tested=("fake",),
        guide="matomo",
    )

    def __init__(self, options: dict[str, Any], context: SourceContext, limits: Limits | None = None) -> None:
        self.options, self.context = options, context
        address = checked_options(options, OPTIONS, "Matomo", context)
        if not str(options.get("site") or "").isdigit():
            raise UserError("matomo.error.site", source=context.source_id)
        self.service = Service(address.removesuffix("/index.php"), options, context, limits or Limits())

    def check(self) -> Iterator[Finding]:
        """The address, the token, whether the log of visits may be read, and how far back visits go."""
        try:
            site = self.service.about()
            yield Finding("address", "works", Note("rest.check.address", {"host": self.service.api.host}))
            yield Finding("credentials", "works", Note("rest.check.key", {"platform": "Matomo"}))
            last = self._yesterday(site)
            if self.service.visits(last) is None:
                note, fix = Note("matomo.note.no_log"), Note("matomo.fix.log")
                yield Finding("permission", "lacks", note, fix, "sme", ("visits",), ("country", "device"))
            first = self._first(site)
            note = Note("rest.check.history", {"since": first.isoformat()})
            yield Finding("history", "works", note, tables=("visits",), since=first)
        except SourceError as failure:
            yield blocked(failure, _FIXES)

    def fetch(self, cursor: dict[str, str]) -> Iterator[Batch]:
        """Whole days until yesterday, a month at a time: all on the first run, then the last days and those
        since. See :class:`echannel.connectors.base.Connector`."""
        site = self.service.about()
        mark = shape(_READING, {name: self.options.get(name) for name in ("address", "site", "since")})
        first, last = self._first(site), self._yesterday(site)
        if cursor.get("shape") == mark and "through" in cursor:
            first = max(first, date.fromisoformat(cursor["through"]) + _DAY - _AGAIN)
        begin, days = first, (last - first).days + 1
        while begin <= last:
            end = min(begin + _STEP - _DAY, last)
            rows, without = self._visits(begin, end)
            notes = [Note("matomo.note.days_without_log", {"n": without})] if without else []
            self.context.progress(self.context.source_id, (end - first).days + 1, days)
            yield batch({"visits": rows}, {"shape": mark, "through": end.isoformat()}, notes)
            begin = end + _DAY

    def _visits(self, first: date, last: date) -> tuple[list[Record], int]:
        """The rows of some days, and how many of these have no log that holds all their visits: of those,
        the report tells the sources, and nothing tells countries and devices."""
        totals = self.service.totals(first, last)
        days = sorted(totals)
        logs = dict(zip(days, self.service.api.map(self.service.visits, days), strict=True))
        bare = [day for day in days if len(logs[day] or ()) != totals[day]]
        reports = self.service.referrers(first, last) if bare else {}
        rows: list[Record] = []
        for day in days:
            counted: Counter[tuple[str, str, str, str]] = Counter()
            if day not in bare:
                counted.update(_of_visit(visit) for visit in logs[day] or ())
            else:
                for row in reports.get(day, []):
                    counted[_of_report(row)] += int(number(row.get("nb_visits"), 0.0))
                rest = int(totals[day]) - sum(counted.values())
                counted[_ALL, _ALL, "ZZ", _UNKNOWN] += max(0, rest)
            rows += [
                {
                    "date": day.isoformat(),
                    "source": source,
                    "medium": medium,
                    "country": country,
                    "device": device,
                    "sessions": float(sessions),
                    "_file": "visits",
                }
                for (source, medium, country, device), sessions in sorted(counted.items())
                if sessions
            ]
        return rows, len(bare)

    def _first(self, site: Record) -> date:
        for stated in (self.options.get("since"), str(site.get("ts_created") or "")[:10]):
            try:
                return date.fromisoformat(str(stated))
            except ValueError:
                continue
        return self._yesterday(site) - timedelta(days=365)

    def _yesterday(self, site: Record) -> date:
        """The last whole day where the site is; Matomo's days are those of the site's time zone."""
        zone = str(site.get("timezone") or "")
        try:
            clock = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            clock = ZoneInfo(self.context.sme.timezone)
        now: datetime = self.service.now
        return now.astimezone(clock).date() - _DAY


def _of_visit(visit: Record) -> tuple[str, str, str, str]:
    """Source, medium, country and device of a visit."""
    source, medium = _origin(str(visit.get("referrerType") or ""), visit.get("referrerName"))
    device = str(visit.get("deviceType") or "").casefold()
    country = code(visit.get("countryCode"))
    # Matomo's word for an unknown country is "xx".
    return source, medium, "ZZ" if country in (None, "XX") else country, _DEVICES.get(device, _UNKNOWN)


def _of_report(row: Record) -> tuple[str, str, str, str]:
    kind = _KINDS.get(int(number(row.get("referer_type"), 0.0)), "")
    return (*_origin(kind, row.get("label")), "ZZ", _UNKNOWN)


def _origin(kind: str, name: Any) -> tuple[str, str]:
    if kind == "direct":
        return "(direct)", "(none)"
    named = (text(name) or _UNKNOWN).casefold()
    named = re.sub(r"^https?://(www\.)?|[/?#].*$", "", named) if kind == "website" else named
    return named, _MEDIA.get(kind, _UNKNOWN)

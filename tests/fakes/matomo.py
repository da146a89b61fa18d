"""A made-up Matomo: reports and a log of visits, errors with a good status, the token in the body only."""

from __future__ import annotations

import random
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from fakes.server import Call, FakeServer, Reply

TOKEN = "0123456789abcdef0123456789abcdef"
CANARIES = ("203.0.113.77", "canary-visitor-id", "ann.canary@example.com")
_REFERRERS = (
    ("direct", "", 1),
    ("search", "Google", 2),
    ("website", "www.blog.example", 3),
    ("social", "Instagram", 7),
    ("campaign", "Spring Sale", 6),
)


class Matomo:
    """One Matomo with site 3, made 40 days before ``today``; its log holds what is younger than ``kept``."""

    def __init__(self, days: int = 40, seed: int = 1, kept: int = 400) -> None:
        dice = random.Random(seed)
        self.today = date(2026, 3, 20)
        self.first = self.today - timedelta(days=days)
        self.kept, self.log_is_on, self.status, self.broken = kept, True, 200, False
        self.visits: list[dict[str, Any]] = []
        for back in range(days + 1):
            for _ in range(dice.choice((0, 3, 8, 20))):
                self.visit(self.first + timedelta(days=back), dice)

    def visit(self, day: date, dice: random.Random) -> None:
        kind, name, number = dice.choice(_REFERRERS)
        self.visits.append(
            {
                "idVisit": len(self.visits) + 1,
                "day": day,
                "number": number,
                "referrerType": kind,
                "referrerName": name,
                "countryCode": dice.choice(("gb", "fr", "xx")),
                "deviceType": dice.choice(("Desktop", "Smartphone", "Tablet", None)),
                "visitIp": CANARIES[0],
                "visitorId": CANARIES[1],
                "userId": CANARIES[2],
            }
        )

    def utc(self) -> float:
        return datetime(self.today.year, self.today.month, self.today.day, 11, tzinfo=UTC).timestamp()

    def __call__(self, call: Call) -> Any:
        if self.broken:
            return Reply("<html>Matomo is being updated</html>", 200)
        if not call.path.endswith("/index.php"):
            return Reply("<html>Not found</html>", 404)
        form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
        if form.get("token_auth") != TOKEN or "token_auth" in call.params or call.method != "POST":
            told = "Unable to authenticate with the provided token. It is either invalid or expired."
            return Reply({"result": "error", "message": told}, self.status)
        if form.get("idSite") != "3":
            return _error(
                "You can't access this resource as it requires 'view' access for the website id = 9."
            )
        return getattr(self, form["method"].replace(".", "_"), self._unknown)(form)

    def _unknown(self, form: dict[str, str]) -> Any:
        return _error("The method does not exist or is not available in the module.")

    def SitesManager_getSiteFromId(self, form: dict[str, str]) -> Any:
        made = f"{self.first.isoformat()} 10:00:00"
        return {
            "idsite": "3",
            "name": "Shop",
            "ts_created": made,
            "timezone": "Europe/London",
            "currency": "GBP",
        }

    def VisitsSummary_get(self, form: dict[str, str]) -> Any:
        days = {day: len(rows) for day, rows in self._days(form).items()}
        return {day: {"nb_visits": n, "nb_actions": 3 * n} if n else [] for day, n in days.items()}

    def Referrers_getAll(self, form: dict[str, str]) -> Any:
        told = {}
        for day, rows in self._days(form).items():
            counts: dict[tuple[str, int], int] = {}
            for row in rows:
                key = (row["referrerName"] or "Direct Entry", row["number"])
                counts[key] = counts.get(key, 0) + 1
            told[day] = [
                {"label": label, "nb_visits": n, "referer_type": kind} for (label, kind), n in counts.items()
            ]
        return told

    def Live_getLastVisitsDetails(self, form: dict[str, str]) -> Any:
        if not self.log_is_on:
            return _error("Visits log is deactivated for this website.")
        day = date.fromisoformat(form["date"])
        if (self.today - day).days > self.kept:
            return []
        rows = [row for row in self.visits if row["day"] == day][::-1]
        start = int(form["filter_offset"])
        shown = form["showColumns"].split(",")
        page = rows[start : start + int(form["filter_limit"])]
        return [{name: row[name] for name in shown} for row in page]

    def _days(self, form: dict[str, str]) -> dict[str, list[dict]]:
        first, last = (date.fromisoformat(one) for one in form["date"].split(","))
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return {day.isoformat(): [row for row in self.visits if row["day"] == day] for day in days}

    @contextmanager
    def served(self):
        with FakeServer(self, clock=self.utc) as server:
            yield server

    @contextmanager
    def out_of_order(self):
        self.broken = True
        yield
        self.broken = False


def _error(message: str) -> dict[str, str]:
    return {"result": "error", "message": message}

"""A Moodle web service that behaves like the real one, over a made-up site that knows its own truth.

Shapes and refusals follow Moodle's source (``webservice/rest/server.php``, the external functions).
What a site may do differently is an attribute of it.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from fakes.server import Call, Reply

TOKEN = "0f3c9a7b5d1e4f60a2b4c6d8e0f1a3b5"
CANARIES = {
    "firstname": "Canaria",
    "lastname": "Zwitscher",
    "fullname": "Canaria Zwitscher",
    "email": "canary@moodle.example",
    "phone1": "0123-canary",
}
BEGUN = 1_735_689_600  # 2025-01-01
CAPABILITIES = {
    "core_course_get_courses": "moodle/course:view",
    "core_enrol_get_enrolled_users": "moodle/course:viewparticipants",
    "core_completion_get_activities_completion_status": "report/progress:view",
    "gradereport_user_get_grade_items": "moodle/grade:viewall",
    "core_badges_get_user_badges": "moodle/badges:viewotherbadges",
}
FUNCTIONS = ("core_webservice_get_site_info", *CAPABILITIES)


@dataclass
class Moodle:
    """A site: courses with activities, people enrolled, what they did, and badges.

    ``done`` is (course, user, activity) → (state, time); ``marks`` (course, user, activity) → raw grade;
    ``awarded`` user → badge records.
    """

    seed: int = 1
    functions: set[str] = field(default_factory=lambda: set(FUNCTIONS))
    capabilities: set[str] = field(default_factory=lambda: set(CAPABILITIES.values()))
    switched_on: bool = True
    maintenance: bool = False
    badges_on: bool = True
    shows_courses_of_badges: bool = True
    courses: dict[int, dict[str, Any]] = field(default_factory=dict)
    activities: dict[int, list[int]] = field(default_factory=dict)
    enrolled: dict[int, dict[int, str]] = field(default_factory=dict)
    done: dict[tuple[int, int, int], tuple[int, int]] = field(default_factory=dict)
    marks: dict[tuple[int, int, int], float] = field(default_factory=dict)
    awarded: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.courses[1] = {"id": 1, "format": "site", "fullname": "Front page", "startdate": 0}

    def add_course(self, activities: int, tracked: bool = True) -> int:
        number = max(self.courses) + 1
        self.courses[number] = {
            "id": number,
            "format": "topics",
            "fullname": f"Selling online {number}",
            "startdate": BEGUN + number * 86_400,
            "enablecompletion": int(tracked),
        }
        self.activities[number] = [number * 100 + place for place in range(activities)]
        self.enrolled[number] = {}
        return number

    def enrol(self, course: int, user: int, role: str = "student") -> None:
        self.enrolled[course][user] = role

    def work(self, course: int, user: int) -> None:
        """Someone does some activities, and some of them are graded."""
        for place, activity in enumerate(self.activities[course]):
            if self.random.random() < 0.6:
                when = BEGUN + self.random.randrange(10**7)
                self.done[course, user, activity] = (self.random.choice((1, 2, 3)), when)
            if place % 2 and self.random.random() < 0.7:
                self.marks[course, user, activity] = self.random.randrange(0, 21)

    def award(self, user: int, course: int | None, name: str = "Listed everywhere") -> None:
        badge = {"id": 7 + len(self.awarded.get(user, [])), "name": name, "dateissued": BEGUN + user}
        badge |= {"courseid": course, "email": CANARIES["email"], "issuercontact": CANARIES["email"]}
        self.awarded.setdefault(user, []).append(badge)


def busy_moodle(people: int = 12, seed: int = 1) -> Moodle:
    """Three courses (one not tracked), a teacher in each, learners who did some of it."""
    site = Moodle(seed)
    for activities, tracked in ((4, True), (6, True), (2, False)):
        course = site.add_course(activities, tracked)
        site.enrol(course, 2, "editingteacher")
        for user in range(10, 10 + people):
            if site.random.random() < 0.8:
                site.enrol(course, user)
                site.work(course, user)
    site.award(10, 2)
    site.award(11, None, "First sale")
    return site


class _Refusal(Exception):
    def __init__(self, code: str, kind: str = "moodle_exception") -> None:
        self.code, self.kind = code, kind


class WebService:
    """The app for ``FakeServer``."""

    def __init__(self, site: Moodle) -> None:
        self.site = site

    def __call__(self, call: Call) -> Reply:
        if not call.path.endswith("/webservice/rest/server.php"):
            return Reply("<html>Not found</html>", 404)
        if not self.site.switched_on:
            return Reply(b"", 403)
        form = {**call.params, **dict(parse_qsl(call.body.decode(), keep_blank_values=True))}
        if call.headers.get("Content-Type") != "application/x-www-form-urlencoded":
            form = dict(call.params)
        if form.get("moodlewsrestformat") != "json":
            return Reply('<?xml version="1.0" encoding="UTF-8" ?><RESPONSE></RESPONSE>')
        try:
            return Reply(self._answer(form))
        except _Refusal as refusal:
            said = f"Refused, dear {CANARIES['fullname']}"
            return Reply({"exception": refusal.kind, "errorcode": refusal.code, "message": said})

    def _answer(self, form: dict[str, str]) -> Any:
        function = form.get("wsfunction", "")
        if self.site.maintenance:
            raise _Refusal("sitemaintenance")
        if form.get("wstoken") != TOKEN:
            raise _Refusal("invalidtoken")
        if function not in self.site.functions:
            raise _Refusal("accessexception", "webservice_access_exception")
        if CAPABILITIES.get(function, "") not in {*self.site.capabilities, ""}:
            raise _Refusal("nopermissions", "required_capability_exception")
        return getattr(self, f"_{function}")(form)

    def _core_webservice_get_site_info(self, form: dict[str, str]) -> Any:
        named = [{"name": name, "version": "2024100700"} for name in sorted(self.site.functions)]
        return {"sitename": "Pad", "release": "4.5.1 (Build: 20241202)", "functions": named, **CANARIES}

    def _core_course_get_courses(self, form: dict[str, str]) -> Any:
        wanted = {int(v) for k, v in form.items() if re.fullmatch(r"options\[ids\]\[\d+\]", k)}
        return [one for number, one in self.site.courses.items() if not wanted or number in wanted]

    def _core_enrol_get_enrolled_users(self, form: dict[str, str]) -> Any:
        options = {
            form[f"options[{n}][name]"]: form[f"options[{n}][value]"]
            for n in range(9)
            if f"options[{n}][name]" in form
        }
        people = []
        for user, role in self._course(form).items():
            whole = {**CANARIES, "id": user, "roles": [{"roleid": 5, "shortname": role, "name": ""}]}
            asked = options.get("userfields", "").split(",")
            people.append(whole if asked == [""] else {k: whole[k] for k in {"id", *asked} if k in whole})
        return people

    def _core_completion_get_activities_completion_status(self, form: dict[str, str]) -> Any:
        course, user = int(form["courseid"]), int(form["userid"])
        if self._course(form).get(user) != "student":
            raise _Refusal("invalidrecord", "dml_missing_record_exception")
        if not self.site.courses[course]["enablecompletion"]:
            return {"statuses": [], "warnings": []}
        statuses = []
        for activity in self.site.activities[course]:
            state, when = self.site.done.get((course, user, activity), (0, 0))
            more = {"modname": "quiz", "instance": activity, "tracking": 2}
            statuses.append({"cmid": activity, "state": state, "timecompleted": when, **more})
        return {"statuses": statuses, "warnings": []}

    def _gradereport_user_get_grade_items(self, form: dict[str, str]) -> Any:
        course = int(form["courseid"])
        return {
            "usergrades": [
                {
                    "courseid": course,
                    "userid": user,
                    "userfullname": CANARIES["fullname"],
                    "useridnumber": "",
                    "maxdepth": 2,
                    "gradeitems": self._items(course, user),
                }
                for user, role in self._course(form).items()
                if role == "student"
            ],
            "warnings": [],
        }

    def _items(self, course: int, user: int) -> list[dict[str, Any]]:
        items, total = [], 0.0
        for activity in self.site.activities[course]:
            raw = self.site.marks.get((course, user, activity))
            total += raw or 0
            when = None if raw is None else BEGUN + 5
            items.append(_item("mod", activity, raw, 20, when, cmid=activity, itemmodule="quiz"))
        items.append(_item("category", 800 + course, total, 100, None))
        items.append(_item("course", 900 + course, total, 100, BEGUN + 9))
        return items

    def _core_badges_get_user_badges(self, form: dict[str, str]) -> Any:
        if not self.site.badges_on:
            raise _Refusal("badgesdisabled")
        badges = [dict(one) for one in self.site.awarded.get(int(form["userid"]), [])]
        for badge in badges:
            if not self.site.shows_courses_of_badges:
                badge.pop("courseid")
        return {"badges": badges, "warnings": []}

    def _course(self, form: dict[str, str]) -> dict[int, str]:
        if int(form["courseid"]) not in self.site.enrolled:
            raise _Refusal("invalidrecord", "dml_missing_record_exception")
        return self.site.enrolled[int(form["courseid"])]


def _item(kind: str, number: int, raw: float | None, high: float, when: int | None, **more: Any) -> dict:
    return {
        "id": number,
        "itemname": CANARIES["fullname"] if kind == "mod" else None,
        "itemtype": kind,
        "itemnumber": 0,
        "graderaw": raw,
        "gradedategraded": when,
        "grademin": 0,
        "grademax": high,
        "feedback": f"Well done, {CANARIES['firstname']}",
        **more,
    }

"""Moodle as a source: courses, and for each what its learners have done, earned and been graded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from echannel.checking import no_refusals
from echannel.connectors.base import Batch, Description, Finding, Given, Note, SourceContext
from echannel.connectors.failures import SourceError
from echannel.connectors.http import Limits
from echannel.connectors.moodle import learning
from echannel.connectors.moodle.check import findings
from echannel.connectors.moodle.service import BADGES, COURSES, GRADES, PEOPLE, PROGRESS, Service
from echannel.errors import UserError

OPTIONS = frozenset({"address", "courses", "allow_http", "allow_private", "allow_self_signed", "ca_file"})


class MoodleConnector:
    """A Moodle site.

    Options: ``address`` (https://moodle.example), ``courses`` (numbers of the courses to read; all, if it is
    not there). Secret: ``token``. Moodle does not tell what changed, so that every sync reads everything.
    """

    describes: ClassVar[Description] = Description(
        platform="Moodle",
        versions="3.9 – 5",
        gives={"learning": Given(whole=True)},
        history="moodle.history",
        tested=("fake",),
        guide="moodle",
        secrets=("token",),
    )

    def __init__(self, options: dict[str, Any], context: SourceContext, limits: Limits | None = None) -> None:
        unknown = sorted(set(options) - OPTIONS)
        if unknown:
            allowed = ", ".join(sorted(OPTIONS))
            raise UserError("moodle.error.option", option=unknown[0], allowed=allowed)
        self.options, self.context = options, context
        # Each answer costs Moodle a check of every right: it bears fewer at once than a shop.
        self.service = Service(options, context, limits or Limits(workers=4))
        self._refused: list[tuple[str, str]] = []

    def check(self) -> Iterator[Finding]:
        """What works, which functions and capabilities are missing, how far back the courses go."""
        return findings(self.service, self._courses)

    def fetch(self, cursor: dict[str, str]) -> Iterator[Batch]:
        """Course after course; one that broke off goes on with the next course."""
        self._refused = []
        courses, done = self._courses(), int(cursor.get("done", "0"))
        people: set[int] = set()
        for place, course in enumerate(courses, 1):
            number = int(course["id"])
            enrolled = self._people(number)
            people.update(enrolled)
            if number <= done:
                continue
            frame = self._course(course, enrolled)
            self.context.progress(self.context.source_id, place, len(courses))
            yield self._batch(frame, {"done": str(number)})
        yield self._batch(self._badges(sorted(people)), {}, self._notes(), ("done",))

    def _courses(self) -> list[dict[str, Any]]:
        """The courses, ascending by number, without the site's own front page."""
        wanted = [int(one) for one in self.options.get("courses") or []]
        asked = {"options": {"ids": wanted}} if wanted else {}
        found = self.service.call(COURSES, **asked)
        real = [one for one in found if one.get("format") != "site"]
        return sorted(real, key=lambda one: int(one["id"]))

    def _people(self, course: int) -> list[int]:
        """Who learns, staff left out: numbers and roles only, so that no name is ever sent."""
        asked = [{"name": "userfields", "value": "id,roles"}]
        found = self.service.call(PEOPLE, courseid=course, options=asked)
        return sorted(int(one["id"]) for one in found if not learning.is_staff(one))

    def _course(self, course: dict[str, Any], people: list[int]) -> pd.DataFrame:
        number = int(course["id"])
        tracked = [learning.enrolled(number, people)]
        if course.get("enablecompletion", 1):
            tracked += self.service.api.map(lambda user: self._progress(number, user), people)
        answer = self._if_allowed(GRADES, courseid=number, userid=0)
        found = learning.together(tracked, [learning.grades(number, answer)])
        return found[found["user"].isin(people)]

    def _progress(self, course: int, user: int) -> pd.DataFrame:
        return learning.progress(course, user, self._if_allowed(PROGRESS, courseid=course, userid=user))

    def _badges(self, people: list[int]) -> pd.DataFrame:
        def read(user: int) -> pd.DataFrame:
            return learning.badges(user, self._if_allowed(BADGES, userid=user))

        return learning.joined(list(self.service.api.map(read, people)))

    def _if_allowed(self, function: str, **parameters: Any) -> dict[str, Any]:
        """A function's answer; nothing where Moodle refuses it, which a note then says."""
        if ("moodle.error.function", function) in self._refused:
            return {}
        try:
            return self.service.call(function, **parameters)
        except SourceError as failure:
            if failure.kind not in ("request", "forbidden"):
                raise
            self._refused.append((failure.key, function))
            return {}

    def _notes(self) -> tuple[Note, ...]:
        counts = Counter(self._refused)
        return tuple(
            Note("moodle.note.no_function", {"function": function})
            if key == "moodle.error.function"
            else Note("moodle.note.refused", {"function": function, "n": n})
            for (key, function), n in sorted(counts.items())
        )

    def _batch(
        self,
        found: pd.DataFrame,
        cursor: dict[str, str],
        notes: tuple[Note, ...] = (),
        gone: tuple[str, ...] = (),
    ) -> Batch:
        source = self.context.source_id
        person = pd.Series([f"moodle:{source}:{user}" for user in found["user"]], dtype=object)
        frame = pd.DataFrame(
            {
                "person_id": self.context.pseudonym(person).to_numpy(object),
                **{name: found[name].to_numpy(object) for name in ("course_id", "item_id", "state", "badge")},
                "completed_at": learning.moments(found["completed"]),
                "grade": found["grade"].to_numpy("float64", na_value=np.nan),
            }
        )
        tables = {"learning": frame} if len(frame) else {}
        return Batch(tables, no_refusals(), cursor, len(frame), notes, gone)

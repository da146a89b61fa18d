"""What Moodle's answers become: the canonical learning table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

Record = dict[str, Any]
COLUMNS = ("user", "course_id", "item_id", "state", "completed", "grade", "badge")
STATES = {0: "incomplete", 1: "complete", 2: "passed", 3: "failed", 4: "failed"}
"""Moodle's ``COMPLETION_*``; 4 is a failure that the learner is not shown."""
STAFF = {"manager", "coursecreator", "editingteacher", "teacher"}
COURSE = "course"
SITE_WIDE = "site"
"""The course of badges that belong to none, or of which Moodle does not say."""


def is_staff(person: Record) -> bool:
    """Whether someone who is enrolled has roles, none of them a learner's (by Moodle's short names)."""
    roles = {str(role.get("shortname")) for role in person.get("roles") or []}
    return bool(roles) and roles <= STAFF


def enrolled(course: int, people: list[int]) -> pd.DataFrame:
    """A row for the course itself of everyone who learns in it."""
    rows = [(user, str(course), COURSE, "enrolled", 0, None, None) for user in people]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def progress(course: int, user: int, answer: Record) -> pd.DataFrame:
    """A row for each activity whose completion is tracked."""
    rows = [
        (
            user,
            str(course),
            str(one["cmid"]),
            STATES.get(int(one.get("state") or 0), "incomplete"),
            int(one.get("timecompleted") or 0) if one.get("state") else 0,
            None,
            None,
        )
        for one in answer.get("statuses") or []
        if one.get("tracking", 1)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def grades(course: int, answer: Record) -> pd.DataFrame:
    """Grades as fractions of their range, by activity, of items kept by hand, and of the course as a whole.

    An activity with several grades (a workshop's) has its first. Categories only add up others.
    """
    rows = [
        (
            int(person["userid"]),
            str(course),
            item,
            "graded",
            int(one.get("gradedategraded") or 0),
            grade,
            None,
        )
        for person in answer.get("usergrades") or []
        for one in person.get("gradeitems") or []
        if (item := _graded_item(one)) and (grade := _fraction(one)) is not None
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def badges(user: int, answer: Record) -> pd.DataFrame:
    """A row for each badge, under its course where Moodle names it."""
    rows = [
        (
            user,
            str(one.get("courseid") or SITE_WIDE),
            f"badge-{one['id']}",
            "awarded",
            int(one.get("dateissued") or 0),
            None,
            str(one.get("name") or "") or None,
        )
        for one in answer.get("badges") or []
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def together(tracked: list[pd.DataFrame], graded: list[pd.DataFrame]) -> pd.DataFrame:
    """One row per person and item: the state that Moodle tracks, with the grade beside it; an item that is
    not tracked is ``graded`` when it has a grade."""
    key = ["user", "course_id", "item_id"]
    states = joined(tracked).drop_duplicates(key, keep="last")
    marks = joined(graded).drop_duplicates(key, keep="first")
    both = states.merge(marks, on=key, how="outer", suffixes=("", "_graded"))
    alone = both["state"].isna()
    both["state"] = both["state"].where(~alone, both["state_graded"])
    both["completed"] = both["completed"].where(~alone, both["completed_graded"])
    both["grade"] = both["grade_graded"]
    return both[list(COLUMNS)]


def joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Some frames as one."""
    filled = [frame.astype(object) for frame in frames if len(frame)]
    if not filled:
        return pd.DataFrame(columns=list(COLUMNS), dtype=object)
    return pd.concat(filled, ignore_index=True)


def moments(seconds: pd.Series) -> pd.Series:
    """Moodle's times in UTC; 0 is none."""
    known = pd.to_numeric(seconds).replace(0, np.nan)
    return pd.to_datetime(known, unit="s", utc=True).reset_index(drop=True)


def _graded_item(item: Record) -> str | None:
    kind = item.get("itemtype")
    if kind == "course":
        return COURSE
    if kind == "mod" and item.get("cmid") and not item.get("itemnumber"):
        return str(item["cmid"])
    return f"grade-{item['id']}" if kind == "manual" else None


def _fraction(item: Record) -> float | None:
    raw, low, high = item.get("graderaw"), float(item.get("grademin") or 0), item.get("grademax")
    if raw is None or high is None or float(high) <= low:
        return None
    return (float(raw) - low) / (float(high) - low)

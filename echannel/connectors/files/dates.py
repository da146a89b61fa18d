"""Dates and times as people and programs write them, in one column read in one way.

Day and month may stand in either order ("03/04/2026"): a cell that can be read in one way only decides
for the whole column, then for the other columns of the file; failing that the hint is taken, and said.
Wall times are the SME's own: in the hour that comes twice in autumn the first is taken (summer time),
an hour that spring leaves out becomes the moment when the clocks go forward.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from babel import Locale

_OFFSETS = {"z": 0, "utc": 0, "gmt": 0, "wet": 0, "bst": 60, "west": 60, "cet": 60, "cest": 120, "eet": 120}
_OFFSETS |= {
    "est": -300,
    "edt": -240,
    "cst": -360,
    "cdt": -300,
    "mst": -420,
    "mdt": -360,
    "pst": -480,
    "pdt": -420,
}

_TIME = (
    r"^(?P<day>.*?)(?:(?:(?<=\d)t|[\s,]+)(?:(?:a|at)\s+)?"
    r"(?P<hour>\d{1,2})\s?[:h]\s?(?P<minute>\d{2})(?:[:m](?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<zone>z|[a-z]{3,4})?\s*(?P<offset>[-+]\d{1,2}(?::?\d{2})?)?)?$"
)
# "mar 3 mars 2026" is a Tuesday, "Mar 3, 2026" is in March.
_WEEKDAY = (
    r"^(?:mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim)[a-z]*\.?,?\s+"
    r"(?=\d+(?:er|st|nd|rd|th)?[-/.\s]+\w{2}|[a-z]{3})"
)
_FORMS = {
    "ymd": r"^(?P<y>\d{4})[-/. ](?P<m>\d{1,2})[-/. ](?P<d>\d{1,2})$",
    "compact": r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})$",
    "numeric": r"^(?P<a>\d{1,2})[-/. ](?P<b>\d{1,2})[-/. ](?P<y>\d{4}|\d{2})$",
    "day_name": r"^(?P<d>\d{1,2})(?:er|st|nd|rd|th)?[-\s./]*(?P<name>[a-z]+)[-\s./,]*(?P<y>\d{4}|\d{2})$",
    "name_day": r"^(?P<name>[a-z]+)[-\s./]*(?P<d>\d{1,2})(?:st|nd|rd|th)?[-\s,./]+(?P<y>\d{4}|\d{2})$",
    "year_name": r"^(?P<y>\d{4})[-\s./]*(?P<name>[a-z]+)[-\s./]*(?P<d>\d{1,2})$",
}
_SERIAL = r"^[2-7]\d{4}(?:\.\d+)?$"  # Excel's day count: 1954 to 2119
_EPOCH = r"^1\d{9}(?:\d{3})?$"  # seconds or milliseconds since 1970: 2001 to 2033
_NONE = np.datetime64("NaT", "us")


@dataclass(frozen=True)
class DateColumn:
    """The distinct cells of a column of dates, taken apart but not yet valued."""

    codes: np.ndarray
    parts: pd.DataFrame
    wall: np.ndarray  # naive times of the cells that name their moment without doubt

    @property
    def evidence(self) -> dict[str, int]:
        """How many distinct cells can only be read day first, and month first."""
        numeric = self.parts[self.parts["form"] == "numeric"]
        return {
            "dmy": int((numeric["a"].between(13, 31) & (numeric["b"] <= 12)).sum()),
            "mdy": int((numeric["b"].between(13, 31) & (numeric["a"] <= 12)).sum()),
        }

    @property
    def ambiguous(self) -> bool:
        """Whether the order of day and month changes some cell's day."""
        numeric = self.parts[self.parts["form"] == "numeric"]
        return bool(((numeric["a"] != numeric["b"]) & (numeric[["a", "b"]] <= 12).all(axis=1)).any())

    def utc(self, order: str, timezone: str) -> tuple[np.ndarray, np.ndarray]:
        """The moments in UTC (datetime64[us], NaT where empty or wrong) and which cells are no date."""
        wall = self._wall(order)
        offset = self.parts["offset"].to_numpy("float64")
        known = np.isfinite(offset)
        shift = np.where(known, offset, 0).astype("int64").astype("timedelta64[m]")
        index = pd.DatetimeIndex(wall.astype("datetime64[us]"))
        local = index.tz_localize(timezone, ambiguous=np.ones(len(index), bool), nonexistent="shift_forward")
        moments = np.where(known, wall - shift, local.tz_convert("UTC").tz_localize(None).to_numpy())
        return self._spread(moments.astype("datetime64[us]"))

    def local(self, order: str, timezone: str) -> tuple[np.ndarray, np.ndarray]:
        """The SME's own calendar days (datetime64[us], midnight) and which cells are no date."""
        moments, wrong = self.utc(order, timezone)
        index = pd.DatetimeIndex(moments).tz_localize("UTC").tz_convert(timezone).tz_localize(None)
        return index.to_numpy().astype("datetime64[D]").astype("datetime64[us]"), wrong

    def _wall(self, order: str) -> np.ndarray:
        parts = self.parts
        numeric = (parts["form"] == "numeric").to_numpy()
        day, month = ("a", "b") if order != "mdy" else ("b", "a")
        year = parts["y"].to_numpy("float64")
        if order == "ymd":
            read = _moments(2000 + parts["a"].to_numpy(), parts["b"].to_numpy(), year % 100, parts)
        else:
            read = _moments(year, parts[month].to_numpy(), parts[day].to_numpy(), parts)
        return np.where(numeric, read, self.wall)

    def _spread(self, moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        wrong = np.append(np.isnat(moments), False)
        return np.append(moments, _NONE)[self.codes], wrong[self.codes]


def date_column(cells: pd.Series) -> DateColumn:
    """A column of texts, its distinct cells taken apart: day, month, year, time, offset."""
    codes, distinct = pd.factorize(cells.where(cells != ""))
    plain = pd.Series([_plain(text) for text in distinct], dtype=object).astype(str)
    plain = plain.str.replace(_WEEKDAY, "", regex=True)
    parts = plain.str.extract(_TIME)
    fields = _days(parts["day"].fillna("").str.strip(" ,."))
    form = fields.pop("form")
    time = _time_of_day(parts)
    offset = _offset_minutes(parts)
    whole = pd.concat([fields, time, offset.rename("offset"), form.rename("form")], axis=1)
    wall = _moments(*_arrays(whole, "y", "m", "d"), whole)
    return DateColumn(codes, *_with_counts(whole, wall, plain))


def _days(days: pd.Series) -> pd.DataFrame:
    """Each day's form and its numbers; the same day stands in many moments and is taken apart once."""
    codes, distinct = pd.factorize(days)
    day = pd.Series(distinct, dtype=object)
    fields = pd.DataFrame(np.nan, index=day.index, columns=["y", "m", "d", "a", "b"])
    form = pd.Series("", index=day.index, dtype=object)
    for name, pattern in _FORMS.items():
        rest = day[form == ""]
        if rest.empty:
            break
        found = rest.str.extract(pattern)
        found = found[found.notna().all(axis=1)]
        if found.empty:
            continue
        form[found.index] = name
        if "name" in found:
            found["m"] = found.pop("name").map(_month_numbers())
        for field in found:
            fields.loc[found.index, str(field)] = pd.to_numeric(found[field], errors="coerce")
    year = fields["y"]
    fields["y"] = year.mask(year < 69, year + 2000).mask(year.between(69, 99), year + 1900)
    return fields.assign(form=form).iloc[codes].set_axis(days.index)


def decide_order(
    columns: dict[str, DateColumn], order: str | None, hint: str
) -> tuple[dict[str, str], tuple[str, ...], bool]:
    """The order of day and month in each column; where only the hint could decide; whether any cell decided.

    ``order``: what the profile says, or ``None``/``auto``.
    """
    if order and order != "auto":
        return dict.fromkeys(columns, order), (), False
    total = {way: sum(column.evidence[way] for column in columns.values()) for way in ("dmy", "mdy")}
    whole_file = _majority(total)
    decided, guessed = {}, []
    for name, column in columns.items():
        own = _majority(column.evidence)
        decided[name] = own or whole_file or hint
        if column.ambiguous and not (own or whole_file):
            guessed.append(name)
    return decided, tuple(guessed), whole_file is not None


def _majority(evidence: dict[str, int]) -> str | None:
    if evidence["dmy"] == evidence["mdy"]:
        return None
    return "dmy" if evidence["dmy"] > evidence["mdy"] else "mdy"


def _plain(text: str) -> str:
    """Lower case, no accents, single blanks."""
    decomposed = unicodedata.normalize("NFKD", str(text))
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).lower().split())


@lru_cache
def _month_numbers() -> dict[str, int]:
    """Month names, whole and short, in English and French; from Babel, and short forms in use."""
    names = {"sept": 9, "janv": 1, "fevr": 2, "fev": 2, "juil": 7, "jui": 7, "aou": 8}
    for language in ("en_GB", "en_US", "fr_FR", "fr_CA"):
        months = Locale.parse(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    names[_plain(name).strip(".")] = number
    return names


def _time_of_day(parts: pd.DataFrame) -> pd.DataFrame:
    time = parts[["hour", "minute", "second"]].apply(pd.to_numeric, errors="coerce").astype("float64")
    stated = time["hour"].notna()
    time = time.fillna(0.0)
    half = parts["half"].fillna("").str[:1]
    twelve = half != ""
    time["hour"] = time["hour"].mask(twelve & (time["hour"] > 12), 99.0)
    time["hour"] = time["hour"].mask(twelve & (time["hour"] == 12), 0.0) + 12.0 * (half == "p")
    return time.assign(timed=stated)


def _offset_minutes(parts: pd.DataFrame) -> pd.Series:
    """Minutes ahead of UTC; NaN: a wall time; infinite: a zone that is not known."""
    zone = parts["zone"].map(_OFFSETS).astype("float64")
    unknown = parts["zone"].notna() & zone.isna()
    signed = parts["offset"].str.extract(r"^([-+])(\d{1,2}):?(\d{2})?$")
    minutes = pd.to_numeric(signed[1]) * 60 + pd.to_numeric(signed[2]).fillna(0)
    minutes = minutes.where(signed[0] != "-", -minutes)
    offset = zone.fillna(0).add(minutes).where(minutes.notna(), zone)
    return offset.mask(unknown, np.inf)


def _moments(year: np.ndarray, month: np.ndarray, day: np.ndarray, time: pd.DataFrame) -> np.ndarray:
    """Naive moments from their parts; NaT where the calendar or the clock knows no such moment."""
    hour, minute, second = _arrays(time, "hour", "minute", "second")
    good = (year >= 1900) & (year <= 2100) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    good &= (hour < 24) & (minute < 60) & (second < 60) & ~np.isinf(time["offset"].to_numpy("float64"))
    good &= np.abs(np.nan_to_num(time["offset"].to_numpy("float64"), posinf=0)) <= 14 * 60
    y, m, d, h, mi, s = (
        np.where(good, part, start).astype("int64")
        for part, start in ((year, 1970), (month, 1), (day, 1), (hour, 0), (minute, 0), (second, 0))
    )
    first = ((y - 1970) * 12 + m - 1).astype("datetime64[M]")
    date = first.astype("datetime64[D]") + (d - 1)
    good &= date.astype("datetime64[M]") == first  # 31/02 runs over into March
    moment = date.astype("datetime64[us]") + (h * 3600 + mi * 60 + s) * np.timedelta64(1_000_000, "us")
    return np.where(good, moment, _NONE)


def _arrays(frame: pd.DataFrame, *names: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    first, second, third = (frame[name].to_numpy("float64") for name in names)
    return first, second, third


def _with_counts(parts: pd.DataFrame, wall: np.ndarray, plain: pd.Series) -> tuple[pd.DataFrame, np.ndarray]:
    """Cells that count days (Excel) or seconds (Unix) instead of naming a date."""
    serial = (plain.str.match(_SERIAL) & (parts["form"] == "")).to_numpy(bool)
    if serial.any():
        days = pd.to_numeric(plain[serial]).to_numpy("float64")
        seconds = np.round(days * 86_400).astype("int64") * np.timedelta64(1_000_000, "us")
        wall[serial] = np.datetime64("1899-12-30", "us") + seconds
    epoch = (plain.str.match(_EPOCH) & (parts["form"] == "")).to_numpy(bool)
    if epoch.any():
        counted = pd.to_numeric(plain[epoch]).to_numpy("int64")
        seconds = np.where(counted > 10**11, counted // 1000, counted) * np.timedelta64(1_000_000, "us")
        wall[epoch] = np.datetime64("1970-01-01", "us") + seconds
        parts = parts.assign(offset=parts["offset"].mask(epoch, 0.0))
    return parts, wall

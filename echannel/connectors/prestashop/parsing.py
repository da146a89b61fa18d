"""Records out of an answer's body, JSON or XML, and columns out of records.

Number types differ with the shop's version of PHP (ints, or strings from PHP 8.0 down), unset text is
``""`` or null, and fields in several languages are lists: columns are made plain here, once.
"""

from __future__ import annotations

import json
from typing import Any
from xml.parsers import expat

import numpy as np
import pandas as pd

Record = dict[str, Any]
_DATE = "%Y-%m-%d %H:%M:%S"


class UnreadableError(ValueError):
    """A body that is neither the webservice's JSON nor its XML; ``html`` when it is a web page."""

    def __init__(self, html: bool) -> None:
        super().__init__("html" if html else "unreadable")
        self.html = html


def content_of(body: bytes) -> Any:
    """A body as JSON values; XML is brought into the shape of the JSON.

    Raises
    ------
    UnreadableError
        A web page, nothing at all, invalid UTF-8, or broken JSON or XML.
    """
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<"):
        if start.startswith((b"<?xml", b"<prestashop")):
            return _xml(body)
        raise UnreadableError(html=True)
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise UnreadableError(html=False) from None


def records_of(content: Any) -> list[Record]:
    """The records of a listing: ``{"order_slips": [...]}``, whatever its key; ``[]`` is none.

    Raises
    ------
    UnreadableError
        When it is no listing.
    """
    if content == []:
        return []
    if isinstance(content, dict) and len(content) == 1:
        (records,) = content.values()
        if isinstance(records, list) and all(isinstance(record, dict) for record in records):
            return records
    raise UnreadableError(html=False)


def errors_of(content: Any) -> dict[int, str]:
    """The webservice's errors in an answer, by code; none: empty."""
    errors = content.get("errors") if isinstance(content, dict) else None
    found: dict[int, str] = {}
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict) and str(error.get("code", "")).strip().isdigit():
            found[int(error["code"])] = str(error.get("message", ""))
    return found


class _Tree:
    """Elements as nested ``[name, attributes, text, children]``; document types and entities are refused."""

    def __init__(self) -> None:
        self.root: list[Any] = ["", {}, "", []]
        self.path = [self.root]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.path) > 30:
            raise UnreadableError(html=False)
        element: list[Any] = [name, attributes, "", []]
        self.path[-1][3].append(element)
        self.path.append(element)

    def end(self, _: str) -> None:
        self.path.pop()

    def text(self, text: str) -> None:
        self.path[-1][2] += text


def _refuse(*_: object) -> None:
    raise UnreadableError(html=False)


def tree_of(body: bytes) -> list[Any]:
    """The root element of an XML body as ``[name, attributes, text, children]``.

    A document type is refused: without one there are no entities to expand and no files to fetch.
    """
    tree, parser = _Tree(), expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler = tree.start, tree.end
    parser.CharacterDataHandler = tree.text
    try:
        parser.Parse(body, True)
    except expat.ExpatError:
        raise UnreadableError(html=False) from None
    return tree.root[3][0]


def _xml(body: bytes) -> Any:
    root = tree_of(body)
    if root[0] != "prestashop" or len(root[3]) != 1:
        raise UnreadableError(html=False)
    name, _, _, children = root[3][0]
    if name == "errors":
        return {"errors": [{part[0]: part[2] for part in error[3]} for error in children]}
    return {name: [_record(child) for child in children]} if children else []


def _record(element: list[Any]) -> Record:
    record: Record = {}
    for name, _, text, children in element[3]:
        if name == "associations":
            record[name] = {rows[0]: [_row(row) for row in rows[3]] for rows in children if rows[3]}
        elif children:  # one text per language
            record[name] = [{"id": child[1].get("id", ""), "value": child[2]} for child in children]
        else:
            record[name] = text
    return record


def _row(element: list[Any]) -> Record:
    return {name: text for name, _, text, _ in element[3]}


def numbers(records: list[Record], name: str, missing: float = np.nan) -> np.ndarray:
    """A field as float64; absent, empty, null or unreadable: ``missing``."""
    values = [record.get(name) for record in records]
    try:
        read = np.array(values, dtype="float64")
    except (TypeError, ValueError):
        read = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").to_numpy("float64")
    return read if np.isnan(missing) else np.where(np.isnan(read), missing, read)


def ids(records: list[Record], name: str = "id") -> np.ndarray:
    """A field of ids as int64; absent, empty or unreadable: 0, which is nobody's."""
    return numbers(records, name, 0.0).astype("int64")


def flags(records: list[Record], name: str) -> np.ndarray:
    """A yes-or-no field: 1, "1" and true are yes."""
    return numbers(records, name, 0.0) != 0


def texts(records: list[Record], name: str, language: str = "") -> np.ndarray:
    """A field as text or None, of the wanted language where there are several; NUL characters go."""
    return np.array([_text(record.get(name), language) for record in records] or [], dtype=object)


def _text(value: Any, language: str) -> str | None:
    if isinstance(value, list):
        known = {str(one.get("id")): one.get("value") for one in value if isinstance(one, dict)}
        value = known.get(language) or next((text for text in known.values() if text), None)
    if value is None or value is False:
        return None
    return str(value).replace("\x00", "").strip() or None


def wall_times(records: list[Record], name: str) -> pd.Series:
    """A field of dates as the shop's clock showed them; zero dates and what is no date: NaT."""
    values = [record.get(name) for record in records]
    plain = [value if isinstance(value, str) and value[:4] != "0000" else None for value in values]
    try:
        return pd.Series(pd.to_datetime(pd.Series(plain, dtype=object), format=_DATE))
    except ValueError:
        return pd.to_datetime(pd.Series(plain, dtype=object), errors="coerce", format="ISO8601")


def rows_of(records: list[Record], name: str) -> tuple[list[Record], np.ndarray]:
    """The rows that come with records (``associations``), one under the other, and whose they are."""
    inner = [(record.get("associations") or {}).get(name) or [] for record in records]
    owner = np.repeat(np.arange(len(records)), [len(rows) for rows in inner])
    return [row for rows in inner for row in rows], owner

"""Files that pages hand out, held to calculate nothing: names of products may be formulas."""

from __future__ import annotations

import base64
import csv
import io
import re
import zipfile
from collections.abc import Iterator

from small_demo import HOSTILE_NAMES

FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r]")
NUMBER = re.compile(r"[+-]?[\d\s.,\u00a0\u202f]+%?")
FORMULAS = [name for name in HOSTILE_NAMES if FORMULA.match(name)]
_DATA = re.compile(r'download="([^"]+)"\s+href="data:[^",]*;base64,([^"]+)"')


def check_file(name: str, content: bytes) -> int:
    """How many of the hostile names a file holds, as text; fails where one would calculate."""
    if name.endswith(".csv"):
        return check_csv(content.decode("utf-8-sig"))
    assert name.endswith(".xlsx"), name
    return _check_xlsx(content)


def check_csv(text: str) -> int:
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=max(";,", key=text.count)))
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if FORMULA.match(cell) and not NUMBER.fullmatch(cell)] == []
    return sum(cell in {f"'{name}" for name in FORMULAS} for cell in cells)


def _check_xlsx(content: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        parts = {part: book.read(part).decode() for part in book.namelist()}
    sheets = "".join(text for part, text in parts.items() if part.startswith("xl/worksheets/"))
    assert "<f>" not in sheets and "<f " not in sheets
    assert not any("externalLink" in part or "vba" in part.lower() for part in parts)
    return sum(re.escape(name[:6]) in re.escape("".join(parts.values())) for name in FORMULAS)


def files_in_page(html: str) -> Iterator[tuple[str, bytes]]:
    """The files that a report carries, by name."""
    return ((name, base64.b64decode(content)) for name, content in _DATA.findall(html))

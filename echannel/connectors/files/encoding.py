"""Bytes to text: UTF-8 and UTF-16 with or without mark, Windows-1252, and what old Macs and DOS wrote."""

from __future__ import annotations

import codecs
from collections import Counter

from echannel.errors import UserError

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_ONE_BYTE = ("cp1252", "mac_roman", "cp850")
# What stands in English and French texts beside ASCII: the code page that yields most of it is right.
# Letters that are often there weigh more: é in one code page is È in another.
_COMMON = frozenset("àâçéèêëîïôùû£€°’«»\u00a0")
_LIKELY = frozenset("äöüÿœæÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆ‘“”–—…·ñßåøØáíóúÁÍÓÚ\u202f²³½№®©™")


def decode(content: bytes, file: str, encoding: str = "auto") -> tuple[str, str]:
    """The text and the name of its encoding.

    Raises
    ------
    UserError
        Bytes that are no text, an encoding that does not exist or does not fit.
    """
    name = _find(content) if encoding == "auto" else encoding
    try:
        text = content.decode(name, errors="replace" if encoding == "auto" else "strict")
    except (LookupError, UnicodeError) as failed:
        raise UserError("error.files.encoding", file=file, encoding=encoding) from failed
    text = text.removeprefix("\ufeff")
    strange = sum(text.count(chr(code)) for code in (*range(9), *range(14, 32), 127))
    if "\x00" in text or strange > len(text) / 200:
        raise UserError("error.files.not_a_table", file=file)
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype html", "<html", "<table", "<head", "<meta")):
        raise UserError("error.files.web_page", file=file)
    if start.startswith(("<!doctype", "<?xml", "%pdf", "{\\rtf")):
        raise UserError("error.files.not_a_table", file=file)
    return text, name


def _find(content: bytes) -> str:
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            return name
    start = content[:4000]
    zeros = (start[::2].count(0), start[1::2].count(0))
    if sum(zeros) > len(start) / 5:
        return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    text = content.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    beyond = len(text) - len(text.encode("ascii", errors="ignore")) - broken
    if not broken or beyond > 10 * broken:  # a UTF-8 file with a few damaged bytes
        return "utf-8"
    return max(_ONE_BYTE, key=lambda page: _likelihood(content, page))


def _likelihood(content: bytes, page: str) -> float:
    counts = Counter(content.translate(None, bytes(range(128))))
    found = {bytes([byte]).decode(page, errors="replace"): n for byte, n in counts.items()}
    weighed = (n * (2 * (letter in _COMMON) + (letter in _LIKELY)) for letter, n in found.items())
    return sum(weighed) / max(counts.total(), 1)

"""Reading a list page by page while the shop goes on changing it: nothing lost, nothing kept twice.

Both ways need a fixed order by an id that grows and never changes, and a list that cannot take in rows
before its end: all rows, or those that changed within a :class:`~echannel.connectors.windows.Window`
(both bounds). New and changed rows that a pass misses are in the next window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

Row = TypeVar("Row")
Rows = Sequence[Row]
_TRIES = 3


class _Together(Protocol):
    """``Api.map``: a function of many items, several under way at once, results in order."""

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]: ...


def by_key(
    read: Callable[[Any], Rows], key: Callable[[Row], Any], size: int, after: Any = None
) -> Iterator[Rows]:
    """Pages by keyset: ``read(last)`` gives up to ``size`` rows with an id above ``last``, ascending.

    ``after`` is the last id that was read before (None: from the start). Whatever comes and goes behind
    or ahead, a row that is there all the time is read once, and only once.
    """
    while rows := read(after):
        yield rows
        if len(rows) < size:
            return
        after = key(rows[-1])


def by_number(
    read: Callable[[int], Rows],
    key: Callable[[Row], Any],
    pages: int,
    together: _Together,
    group: int = 12,
) -> Iterator[Rows]:
    """Pages by number, ascending ids, for platforms that know no keyset: read from the last to the first.

    Rows that vanish shift the others towards the front. From the last page to the first, what shifts
    comes to pages not read yet: rows may come twice (the later one counts), but none is skipped. Pages
    of a group are read at once; then the group's last page is read again, and when its last row is no
    longer where it was, something has shifted under the group, and it is read anew; at last page by page.

    Parameters
    ----------
    read : the rows of page 1, 2 … (ascending by ``key``).
    pages : how many there are, as of when the window was fixed.
    together : ``Api.map``.
    """
    last = pages
    while last > 0:
        rows, last = _group(read, key, range(last, max(0, last - group), -1), together)
        yield from rows


def _group(
    read: Callable[[int], Rows], key: Callable[[Row], Any], numbers: range, together: _Together
) -> tuple[list[Rows], int]:
    """The pages of a group, and the number of the next page to read."""
    for _ in range(_TRIES):
        tail = read(numbers[0])
        if not tail:  # nothing to tell by whether something has shifted
            return [], numbers[0] - 1
        rest = list(together(read, numbers[1:]))
        if not rest or _still_ends(tail, read(numbers[0]), key):
            return [rows for rows in (tail, *rest) if rows], numbers[-1] - 1
    return [rows for rows in map(read, numbers) if rows], numbers[-1] - 1


def _still_ends(before: Rows, after: Rows, key: Callable[[Row], Any]) -> bool:
    """Whether the last row is still at its place: then nothing before it has gone."""
    place = len(before) - 1
    return len(after) > place and key(after[place]) == key(before[place])

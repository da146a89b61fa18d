"""The files of a folder that a profile names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from echannel.errors import UserError


class Named(Protocol):
    """An entry of a profile that says which files it is about."""

    @property
    def match(self) -> str:
        """A pattern of file names, below the folder."""
        ...


Entry = TypeVar("Entry", bound=Named)


def matched_files(root: Path, name: str, entries: Iterable[Entry]) -> tuple[Path, list[tuple[Path, Entry]]]:
    """The folder ``name`` below ``root``, and every file in it once, under the first entry that matches it.

    Raises
    ------
    UserError
        The folder does not exist, or a pattern is none.
    """
    folder = root / name
    if not folder.is_dir():
        raise UserError("error.files.no_folder", folder=name)
    found: dict[Path, Entry] = {}
    for entry in entries:
        try:
            paths = sorted(folder.glob(entry.match))
        except (ValueError, NotImplementedError) as failed:
            raise UserError("error.files.option", field="match", value=entry.match) from failed
        for path in paths:
            if path.is_file() and not path.name.startswith((".", "~$")):
                found.setdefault(path, entry)
    return folder, list(found.items())

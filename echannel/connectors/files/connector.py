"""The files connector: files of a folder become canonical batches, one per file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from echannel.connectors.base import Batch, SourceContext
from echannel.connectors.files.options import read_options


class FilesConnector:
    """Reads the files that a profile's ``files`` source names (see ``Options``).

    A file whose content was already read with the same options is skipped: ``cursor`` holds a hash of
    content and options by file name. A file that cannot be read at all becomes one refused entry;
    the others are still read.
    """

    def __init__(self, options: dict[str, Any], context: SourceContext) -> None:
        self.options = read_options(options)
        self.context = context

    def fetch(self, cursor: dict[str, str]) -> Iterator[Batch]:
        """One batch per new or changed file, in the order of the options, then by name."""
        raise NotImplementedError

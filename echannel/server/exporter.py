"""Pages from a template that is compiled once, not for each reader."""

from __future__ import annotations

from types import CodeType
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from voila import notebook_renderer
from voila.exporter import VoilaExporter


class _Compiled(BytecodeCache):
    """What templates were compiled to, by name and content, for as long as the server runs."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill in what there is."""
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        if bucket.code is not None:
            self._kept[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


class PageExporter(VoilaExporter):
    """Voilà's exporter; each has a template environment of its own, with its own filters in it."""

    def _create_environment(self) -> Any:
        environment = super()._create_environment()
        environment.bytecode_cache = _COMPILED
        return environment


def use_compiled_templates() -> None:
    """From now on :class:`PageExporter` makes Voilà's pages in this process; Voilà has no option for it."""
    notebook_renderer.VoilaExporter = PageExporter

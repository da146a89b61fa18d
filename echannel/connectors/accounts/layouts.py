"""The exports of accounting software that are known, and which of them a file is."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from itertools import product
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, field_validator

from echannel.connectors.files.headers import normal

Kind = Literal["entries", "transactions", "balance", "chart"]


class Layout(BaseModel):
    """One export: what its columns are called, and how its rows hang together (see ``layouts.yml``).

    ``fill_down``: fields that only the first line of an entry carries. ``nested``: headings of accounts
    inside those of other accounts. ``default_chart``: numbers are those that the software sets up.
    ``quoted``: a quotation mark encloses a cell (in a FEC it is a mark like any other).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    platform: str
    kind: Kind
    signature: tuple[tuple[str, ...], ...]
    without: tuple[str, ...] = ()
    fields: dict[str, tuple[str, ...]]
    fill_down: tuple[str, ...] = ()
    nested: bool = False
    default_chart: bool = False
    decimal: Literal["auto", ".", ","] = "auto"
    quoted: bool = True

    @field_validator("signature", mode="after")
    @classmethod
    def _plain(cls, value: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(dict.fromkeys(map(normal, names))) for names in value)

    def fits(self, headers: Sequence[str]) -> bool:
        """Whether a row of headers is one of this export."""
        found = {normal(header) for header in headers}
        if found & {normal(header) for header in self.without}:
            return False
        return all(found & set(names) for names in self.signature)

    @property
    def signatures(self) -> tuple[frozenset[str], ...]:
        """Every set of headers that tells it, one of the alternatives each."""
        return tuple(frozenset(names) for names in product(*self.signature))


def _read() -> dict[str, Layout]:
    text = (files("echannel.connectors.accounts") / "layouts.yml").read_text(encoding="utf-8")
    content: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return {name: Layout.model_validate(entry) for name, entry in content.items()}


LAYOUTS = _read()


def layout_of(headers: Sequence[str]) -> str | None:
    """The name of the first layout whose signature is among the headers."""
    return next((name for name, layout in LAYOUTS.items() if layout.fits(headers)), None)


def all_signatures() -> tuple[frozenset[str], ...]:
    """What tells a row of headers, of any layout."""
    return tuple(dict.fromkeys(one for layout in LAYOUTS.values() for one in layout.signatures))

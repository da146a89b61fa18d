"""What the profile says about files, and the presets: ready answers for known export layouts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from echannel.connectors.files.fields import FIELDS
from echannel.errors import UserError
from echannel.tables import CHANNELS, KINDS, STATUSES

Table = Literal[
    "orders", "products", "stock_levels", "suppliers", "supplier_prices", "purchases", "customers", "visits"
]
Rows = Literal["lines", "orders", "rows", "auto"]
Amounts = Literal["net", "gross", "auto"]
Platform = Literal["prestashop", "woocommerce", "shopify", "amazon", "ebay", "etsy"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_headers(value: Any) -> tuple[str, ...]:
    return tuple(str(header) for header in (value if isinstance(value, list | tuple) else [value]))


class Layout(_Strict):
    """What the columns of a file are: a preset, or what a profile writes in a preset's place.

    ``mapping``: field → header, or several headers of which the first filled cell is taken.
    In a file without headers a column is named by its number, from 1.
    ``summed``: order parts that each line has its own share of (else the order's first filled cell counts).
    """

    table: Table = "orders"
    rows: Rows = "auto"
    amounts: Amounts = "auto"
    default_amounts: Literal["net", "gross"] = "gross"
    date_order: Literal["auto", "dmy", "mdy", "ymd"] = "auto"
    mapping: dict[str, tuple[str, ...]] = {}
    summed: tuple[str, ...] = ()
    summary_rows: bool = False  # rows of an order that hold no product are its summary, not lines
    parts_stated: bool = True  # False: the export leaves out parts of an order (its carriage)
    constants: dict[str, str | float] = {}
    statuses: dict[str, str] = {}
    channels: dict[str, str] = {}
    other_channel: str | None = None

    @field_validator("mapping", mode="before")
    @classmethod
    def _lists(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {field: _as_headers(headers) for field, headers in value.items()}

    @model_validator(mode="after")
    def _known_names(self) -> Layout:
        for field in self.mapping:
            if field not in FIELDS[self.table]:
                raise ValueError(f"mapping.{field}")
        for key, value in self.constants.items():
            allowed = {"channel": CHANNELS, "kind": KINDS, "status": STATUSES}.get(key)
            kind = FIELDS[self.table].get(key, "")
            wordy = kind in ("number", "percent") and not isinstance(value, int | float)
            if not kind or wordy or (allowed and value not in allowed):
                raise ValueError(f"constants.{key}")
        if not set(self.statuses.values()) <= set(STATUSES):
            raise ValueError("statuses")
        if not {*self.channels.values(), *filter(None, [self.other_channel])} <= set(CHANNELS):
            raise ValueError("channels")
        return self


class Preset(Layout):
    """The layout of one known export. ``signature``: headers (or alternatives) that tell it."""

    platform: str
    signature: tuple[tuple[str, ...], ...] = ()

    @field_validator("signature", mode="before")
    @classmethod
    def _alternatives(cls, value: Any) -> Any:
        return tuple(_as_headers(header) for header in value)


class FileOptions(_Strict):
    """One entry of ``files`` in a profile: which files, and how to read them."""

    match: str = Field(min_length=1)
    preset: str | None = None
    table: Table | None = None
    mapping: dict[str, Any] = {}
    rows: Rows | None = None
    amounts: Amounts | None = None
    summed: tuple[str, ...] | None = None
    encoding: str = "auto"
    separator: str = "auto"
    decimal: Literal["auto", ".", ","] = "auto"
    date_order: Literal["auto", "dmy", "mdy", "ymd"] | None = None
    sheet: str | int = "auto"
    header_row: int | Literal["auto"] = "auto"  # counted from 1; 0: the file has no headers
    constants: dict[str, str | float] = {}
    statuses: dict[str, str] = {}
    channels: dict[str, str] = {}
    fx: dict[str, float] = {}  # reporting currency = amount × rate
    not_products: tuple[str, ...] = ()  # codes that are turnover but no product: manual entries, fees
    shipping_codes: tuple[str, ...] = ()  # codes of lines that are carriage
    platform: Platform | None = None  # where a file mapped by hand comes from, to explain that shop's figures

    def layout(self) -> Layout:
        """The preset's layout with what the profile says instead."""
        base = PRESETS[self.preset].model_dump() if self.preset else {}
        said = self.model_dump(
            include={"table", "rows", "amounts", "summed", "date_order"}, exclude_none=True
        )
        merged = {name: base[name] for name in Layout.model_fields if name in base} | said
        for name in ("mapping", "constants", "statuses", "channels"):
            merged[name] = {**merged.get(name, {}), **getattr(self, name)}
        return Layout.model_validate(merged)


class Options(_Strict):
    """The options of a ``files`` source: a folder (relative to the workspace) and its files."""

    folder: str
    files: tuple[FileOptions, ...] = Field(min_length=1)


def read_options(options: dict[str, Any]) -> Options:
    """The options of a profile, checked; a mistake is named by its key and value."""
    try:
        checked = Options.model_validate(options)
        for entry in checked.files:
            if entry.preset and entry.preset not in PRESETS:
                known = ", ".join(sorted(PRESETS))
                raise UserError("error.files.unknown_preset", value=entry.preset, known=known)
            entry.layout()
    except ValidationError as invalid:
        mistake = invalid.errors()[0]
        place = ".".join(str(part) for part in mistake["loc"])
        if mistake["type"] == "value_error":
            place = ".".join(filter(None, [place, str(mistake["ctx"]["error"])]))
        raise UserError(
            "error.files.option", field=place or "files", value=_shown(mistake["input"])
        ) from None
    return checked


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) else "…"


@lru_cache
def _presets() -> dict[str, Preset]:
    folder = files("echannel.connectors.files") / "presets"
    found = {}
    for path in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if path.name.endswith(".yml"):
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            found[Path(path.name).stem] = Preset.model_validate(content)
    return found


PRESETS: dict[str, Preset] = _presets()

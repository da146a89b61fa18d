"""Which layout a file has: told by the profile or a preset, or recognised by headers and cells."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
import pandas as pd

from echannel.connectors.files.analytics import ga4_table
from echannel.connectors.files.dates import date_column
from echannel.connectors.files.fields import LINE_FIELDS, REQUIRED
from echannel.connectors.files.headers import Match, likely_table, normal, recognise
from echannel.connectors.files.numbers import number_column
from echannel.connectors.files.options import PRESETS, FileOptions, Layout, Preset
from echannel.connectors.files.reading import Raw, Reading
from echannel.connectors.files.settlement import settlement_table
from echannel.errors import UserError

# VAT rates of the last thirty years in the countries of the packs, as people write them without "%".
_RATES = np.array([0.0, 2.1, 5.0, 5.5, 7.0, 8.5, 10.0, 12.5, 15.0, 17.5, 19.6, 20.0])
# Exports that are no plain table, and what makes one of them.
_PREPARED = {"google_analytics": ga4_table, "amazon_settlement": settlement_table}
_ALTERNATIVES = 64  # of the header signatures of one preset: more would tell nothing
_VARYING = {"total": "line_total", "goods": "line_value", "vat": "line_vat"}


def signatures() -> dict[str, tuple[tuple[frozenset[str], ...], Preset]]:
    """The header signatures of presets: alternatives for each header that must be there."""
    return {
        name: (tuple(frozenset(normal(header) for header in entry) for entry in preset.signature), preset)
        for name, preset in PRESETS.items()
        if preset.signature
    }


def matching_preset(headers: tuple[str, ...]) -> str | None:
    """The preset whose whole signature stands among the headers; the longest, where several do."""
    present = {normal(header) for header in headers}
    fits = [
        (len(signature), name)
        for name, (signature, _) in signatures().items()
        if all(entry & present for entry in signature)
    ]
    return max(fits)[1] if fits else None


def reading_of(options: FileOptions) -> Reading:
    """How the profile says that a file is to be read."""
    names = {normal(header) for headers in options.layout().mapping.values() for header in headers}
    known = tuple(
        frozenset(one)
        for signature, _ in signatures().values()
        if prod(map(len, signature)) <= _ALTERNATIVES
        for one in product(*signature)
    )
    own = (frozenset(names),) if options.mapping and not options.preset else ()
    return Reading(
        options.encoding,
        options.separator,
        options.sheet,
        options.header_row,
        (*own, *known),
        prepare=_PREPARED.get(options.preset or ""),
    )


def settle_layout(raw: Raw, options: FileOptions) -> tuple[Layout, list[Match]]:
    """The layout for a file, its fields found by headers where neither profile nor preset names them.

    Raises
    ------
    UserError
        Required fields that are not in the file: names the headers that were looked for and those found.
    """
    layout = options.layout()
    matches: list[Match] = []
    if not layout.mapping or (options.preset or "").startswith("generic_"):
        table: str = layout.table
        if options.preset is None and options.table is None:
            table, _ = likely_table(raw.headers)
        matches = recognise(raw.headers, table)
        if table == "orders" and not {"order_id", "ordered_at"} & {match.field for match in matches}:
            matches = by_content(raw) or matches
        found: dict[str, tuple[str, ...]] = {match.field: (match.header,) for match in matches}
        found |= _other_identities(raw, found)
        if table == "orders":
            found = _rates_as_rates(raw, found)
        layout = layout.model_copy(update={"table": table, "mapping": {**found, **layout.mapping}})
        if table == "orders":
            layout = _per_line(raw, layout)
    if layout.rows == "auto" and layout.table == "orders":
        lined = any(field in LINE_FIELDS for field in layout.mapping)
        layout = layout.model_copy(update={"rows": "lines" if lined else "orders"})
    _check_required(raw, layout)
    return layout, matches


def _other_identities(raw: Raw, found: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Further headers that name the customer, for rows where the first is empty (a guest's e-mail)."""
    if "customer" not in found:
        return {}
    taken = {headers[0] for field, headers in found.items() if field != "customer"}
    names = ("customer name", "customer", "client", "nom du client", "nom client", "buyer name")
    others = [h for h in raw.headers if normal(h) in names and h not in taken and h != found["customer"][0]]
    return {"customer": (*found["customer"], *others)}


def _rates_as_rates(raw: Raw, found: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """A column headed "VAT" that holds rates ("20%", "5,5", "0.2") is the rate, not the amount."""
    header = found.get("vat", ("",))[0]
    cells = raw.column(header)
    if cells is None or not _are_rates(raw, cells, found):
        return found
    others = {field: headers for field, headers in found.items() if field != "vat"}
    return {"vat_rate": (header,), **others}


def _are_rates(raw: Raw, cells: pd.Series, found: dict[str, tuple[str, ...]]) -> bool:
    column = number_column(cells)
    values, wrong = column.values(".")
    filled = values[~np.isnan(values)]
    if wrong.any() or not filled.any():
        return False
    if column.percent.any():
        return True
    known = [np.isclose(filled[:, None], rates).any(axis=1).all() for rates in (_RATES, _RATES / 100)]
    return any(known) and not _fit_totals(raw, values, found)


def _fit_totals(raw: Raw, amounts: np.ndarray, found: dict[str, tuple[str, ...]]) -> bool:
    """Whether amounts of VAT are what a known rate makes of most totals."""
    for field in ("total", "total_gross", "total_net"):
        cells = raw.column(found.get(field, ("",))[0])
        if cells is None:
            continue
        totals, _ = number_column(cells).values(".")
        for before in (totals, totals - amounts):
            with np.errstate(divide="ignore", invalid="ignore"):
                rates = 100 * amounts / before
            near = np.abs(rates[:, None] - _RATES[1:]).min(axis=1) < 0.15
            if near[amounts != 0].mean() > 0.8:
                return True
    return False


def _per_line(raw: Raw, layout: Layout) -> Layout:
    """Amounts that differ from line to line of one order are the lines' own, not the order's."""
    ids = raw.column(layout.mapping.get("order_id", ("",))[0])
    if ids is None or not ids.duplicated().any() or not any(f in LINE_FIELDS for f in layout.mapping):
        return layout
    mapping, summed = dict(layout.mapping), list(layout.summed)
    for field, headers in layout.mapping.items():
        part = field.removesuffix("_net").removesuffix("_gross")
        if part not in (*_VARYING, "discount", "shipping", "wrapping"):
            continue
        cells = raw.column(headers[0])
        if cells is None or not _varies(cells, ids):
            continue
        target = field.replace(part, _VARYING.get(part, part))
        if target == field:
            summed.append(part)
        elif target not in mapping:
            del mapping[field]
            mapping[target] = headers
    return layout.model_copy(update={"mapping": mapping, "summed": tuple(summed)})


def _varies(cells: pd.Series, ids: pd.Series) -> bool:
    """Whether filled cells differ within an order (more often than a slip of the pen)."""
    filled = cells[cells != ""]
    values = filled.groupby(ids[filled.index]).nunique()
    several = filled.groupby(ids[filled.index]).size() > 1
    return bool(several.any() and (values[several] > 1).mean() > 0.05)


def by_content(raw: Raw) -> list[Match]:
    """Fields of a table of orders without (known) headers, by what the cells are.

    A column of dates is the order's day; the last column of amounts with decimals is the total; small
    whole numbers are quantities; a whole number or code that comes again is the customer, one that never
    does is the order.
    """
    found: dict[str, Match] = {}
    rows = len(raw.rows)
    kinds = {header: _kind(raw.column(header)) for header in raw.headers}

    def take(field: str, header: str | None, score: float) -> None:
        if header is not None and field not in found:
            found[field] = Match(field, header, score, "")

    take("ordered_at", next((h for h, kind in kinds.items() if kind == "date"), None), 0.8)
    take("total", next((h for h, kind in reversed(kinds.items()) if kind == "amount"), None), 0.7)
    take("quantity", next((h for h, kind in reversed(kinds.items()) if kind == "count"), None), 0.6)
    codes = [h for h, kind in kinds.items() if kind == "code"]
    for header in codes:
        cells = raw.column(header)
        if cells is not None and cells.nunique() == rows and rows > 20:
            take("order_id", header, 0.5)
        else:
            take("customer", header, 0.5)
    return list(found.values()) if {"ordered_at", "total"} <= set(found) else []


def _kind(cells: pd.Series | None) -> str:
    if cells is None:
        return ""
    sample = cells[cells != ""].iloc[:2000].reset_index(drop=True)
    if sample.empty:
        return ""
    moments, wrong = date_column(sample).utc("dmy", "UTC")
    years = pd.Series(moments).dt.year
    if (
        wrong.mean() < 0.1
        and years.between(1990, 2060).mean() > 0.9
        and not sample.str.fullmatch(r"\d{5}").any()
    ):
        return "date"
    values, wrong = number_column(sample).values(".")
    if wrong.mean() > 0.1:
        return "code" if sample.str.len().max() <= 40 else "text"
    if sample.str.contains(r"[.,]\d{1,2}\D*$", regex=True).mean() > 0.5:
        return "amount"
    padded = sample.str.match(r"0\d").any()
    whole = np.nanmedian(np.abs(values)) < 50 and not padded
    return "count" if whole and sample.nunique() < max(20, len(sample) / 5) else "code"


def _check_required(raw: Raw, layout: Layout) -> None:
    for field in REQUIRED[layout.table]:
        if field == "order_id":
            continue  # made up from customer and day
        headers = layout.mapping.get(field, ())
        present = any(raw.column(header) is not None for header in headers)
        if not present and field not in layout.constants:
            found = ", ".join(raw.headers[:12])
            if not headers:
                raise UserError(f"error.files.lacks.{field}", file=raw.file, found=found)
            wanted = ", ".join(headers)
            raise UserError("error.files.no_column", file=raw.file, wanted=wanted, found=found)

"""Suppliers, their prices, and purchases: one row of the file is one row of the table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.connectors.base import Note
from echannel.connectors.files import words
from echannel.connectors.files.cells import Cells
from echannel.connectors.files.durations import durations_in_days
from echannel.connectors.files.foreign import currencies, money, rates
from echannel.connectors.files.order_fields import countries, status_rows
from echannel.connectors.files.plain_tables import filled, last_of_each, refuse_incomplete


def read_suppliers(cells: Cells, today: np.datetime64) -> dict[str, pd.DataFrame]:
    """Suppliers: firms by their name or number; whoever works there is not read.

    Amounts are in the reporting currency, whatever currency the supplier charges in; one that says it is
    in another, of which no rate is known, counts as unknown.
    """
    durations_in_days(cells, "lead_time_days", "payment_days", "review_days")
    refuse_incomplete(cells)
    supplier = filled(cells, "supplier_id")
    name = filled(cells, "name")
    frame = pd.DataFrame(
        {
            "supplier_id": supplier,
            "name": name.where(name.notna(), supplier),
            "country": countries(cells),
            "language": words.languages(cells.texts("language")),
            "currency": words.currency_codes(cells.texts("currency")),
            "lead_time_days": cells.number("lead_time_days"),
            "payment_days": cells.number("payment_days"),
            "order_cost": money(cells, "order_cost"),
            "order_value_min": money(cells, "order_value_min"),
            "review_days": cells.number("review_days"),
        }
    )
    return {"suppliers": last_of_each(cells, frame, ["supplier_id"])}


def read_supplier_prices(cells: Cells, today: np.datetime64) -> dict[str, pd.DataFrame]:
    """Prices by quantity; a price without a quantity holds from the first unit.

    A price in another currency is turned into the SME's own by the row's rate, else the profile's; without
    either it is refused.
    """
    refuse_incomplete(cells)
    rate = rates(cells, "unit_cost", stated=True)
    if not cells.has("currency"):  # a sign with the amount says it: the wizard asks for that one's rate
        cells.replace_texts("currency", currencies(cells, "unit_cost", stated=False).fillna(""))
    cells.refuse(~(rate > 0), "currency", "reason.files.no_fx_rate", currency=cells.firm.currency)
    quantity = cells.number("quantity_from")
    frame = pd.DataFrame(
        {
            "supplier_id": filled(cells, "supplier_id"),
            "product_id": filled(cells, "product_id"),
            "quantity_from": np.where(np.isnan(quantity), 1.0, quantity),
            "unit_cost": cells.number("unit_cost") * rate,
        }
    )
    return {"supplier_prices": last_of_each(cells, frame, ["supplier_id", "product_id", "quantity_from"])}


def read_purchases(cells: Cells, today: np.datetime64) -> dict[str, pd.DataFrame]:
    """Purchase orders line by line, in the order of the file; a line without a date of delivery is open.

    A line that came, but whose file does not say how many units came, came whole. A cancelled line asks for
    no more than what came. A cost in another currency without a rate is left out.
    """
    refuse_incomplete(cells)
    # A delivery whose day cannot be read is no open order: its row is refused.
    received_on = cells.moment("received_on", required=True, local_day=True)
    quantity, received = cells.number("quantity"), cells.number("received_quantity")
    received = np.where(~np.isnat(received_on) & np.isnan(received), quantity, received)
    cancelled = (status_rows(cells) == "cancelled").to_numpy(bool)
    if (cancelled & ~cells.refused).any():
        left = int((cancelled & ~cells.refused).sum())
        cells.notes.append(Note("files.note.purchases_cancelled", {"n": left}))
    purchase = filled(cells, "purchase_id")
    frame = pd.DataFrame(
        {
            "purchase_id": purchase,
            "line_no": purchase.groupby(purchase).cumcount() + 1,
            "supplier_id": filled(cells, "supplier_id"),
            "product_id": filled(cells, "product_id"),
            "location": filled(cells, "location"),
            "ordered_on": cells.moment("ordered_on", local_day=True),
            "expected_on": cells.moment("expected_on", local_day=True),
            "received_on": received_on,
            "quantity": np.where(cancelled, np.nan_to_num(received), quantity),
            "received_quantity": received,
            "unit_cost": money(cells, "unit_cost", stated=True),
            "source": cells.firm.source,
        }
    )
    return {"purchases": frame[~cells.refused].reset_index(drop=True)}

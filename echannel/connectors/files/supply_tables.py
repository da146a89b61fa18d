"""Suppliers, their prices, and purchases: one row of the file is one row of the table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.connectors.files import words
from echannel.connectors.files.cells import Cells
from echannel.connectors.files.order_fields import countries
from echannel.connectors.files.plain_tables import filled, last_of_each, refuse_incomplete


def read_suppliers(cells: Cells, today: np.datetime64) -> dict[str, pd.DataFrame]:
    """Suppliers: firms by their name or number; whoever works there is not read."""
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
            "order_cost": cells.number("order_cost"),
            "order_value_min": cells.number("order_value_min"),
            "review_days": cells.number("review_days"),
        }
    )
    return {"suppliers": last_of_each(cells, frame, ["supplier_id"])}


def read_supplier_prices(cells: Cells, today: np.datetime64) -> dict[str, pd.DataFrame]:
    """Prices by quantity; a price without a quantity holds from the first unit."""
    refuse_incomplete(cells)
    quantity = cells.number("quantity_from")
    frame = pd.DataFrame(
        {
            "supplier_id": filled(cells, "supplier_id"),
            "product_id": filled(cells, "product_id"),
            "quantity_from": np.where(np.isnan(quantity), 1.0, quantity),
            "unit_cost": cells.number("unit_cost"),
        }
    )
    return {"supplier_prices": last_of_each(cells, frame, ["supplier_id", "product_id", "quantity_from"])}


def read_purchases(cells: Cells, today: np.datetime64) -> dict[str, pd.DataFrame]:
    """Purchase orders line by line, in the order of the file; a line without a date of delivery is open.

    A line that came, but whose file does not say how many units came, came whole.
    """
    refuse_incomplete(cells)
    # A delivery whose day cannot be read is no open order: its row is refused.
    received_on = cells.moment("received_on", required=True, local_day=True)
    quantity, received = cells.number("quantity"), cells.number("received_quantity")
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
            "quantity": quantity,
            "received_quantity": np.where(~np.isnat(received_on) & np.isnan(received), quantity, received),
            "unit_cost": cells.number("unit_cost"),
            "source": cells.firm.source,
        }
    )
    return {"purchases": frame[~cells.refused].reset_index(drop=True)}

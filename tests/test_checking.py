"""What the quick look calls good is what the schema calls good; what is wrong goes on to the schema."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from handmade import canonical, order
from pandas.testing import assert_frame_equal
from pandera.errors import SchemaErrors

from echannel.checking import _fits
from echannel.tables import TABLES

ORDERS = TABLES["orders"]
WRONG = {
    "an empty number": lambda f: f.assign(vat_amount=[np.nan, 1.0]),
    "another kind": lambda f: f.assign(vat_amount=["a", "b"]),
    "a status that there is not": lambda f: f.assign(status=pd.Categorical(["paid", "lost"])),
    "a currency that is no code": lambda f: f.assign(currency=pd.Categorical(["GBP", "pound"])),
    "a rate of nothing": lambda f: f.assign(fx_rate=[1.0, 0.0]),
    "an empty number of the order": lambda f: f.assign(order_id=pd.Categorical(["1", None])),
}


@pytest.fixture
def frame() -> pd.DataFrame:
    return canonical(
        "orders", [order("1", "2025-03-01T12:00:00", 10.0), order("2", "2025-03-02T12:00:00", 5.0)]
    )


def test_what_fits_is_what_the_schema_returns_unchanged(frame):
    assert _fits(ORDERS, frame)
    assert_frame_equal(ORDERS.schema.validate(frame, lazy=True), frame[list(ORDERS.columns)])


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG)
def test_whatever_the_schema_refuses_does_not_fit(frame, spoil):
    spoiled = spoil(frame)
    with pytest.raises(SchemaErrors):
        ORDERS.schema.validate(spoiled, lazy=True)
    assert not _fits(ORDERS, spoiled)

"""Every column of every table says what it means, in both languages."""

from __future__ import annotations

import pytest
from views_shop import shop

from echannel.describing import describe_columns, describe_tables
from echannel.errors import UserError
from echannel.tables import TABLES


@pytest.mark.parametrize("language", ["en", "fr"])
def test_tables_and_columns_are_explained(language: str) -> None:
    firm = shop(orders=30)
    say = firm.speaker(language)
    tables = describe_tables(firm, say)
    assert list(tables.iloc[:, 0]) == list(TABLES)
    assert tables.iloc[:, 2].tolist() == [len(firm.table(name)) for name in TABLES]
    for name, table in TABLES.items():
        columns = describe_columns(firm, name, say)
        assert list(columns.iloc[:, 0]) == list(table.columns)
        assert columns.iloc[:, 1].str.len().gt(2).all()
    with pytest.raises(UserError) as refused:
        describe_columns(firm, "secrets", say)
    assert "orders" in say.error(refused.value)

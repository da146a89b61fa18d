"""Products with their combinations, and what is in stock."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from echannel.connectors.prestashop.clock import Clock
from echannel.connectors.prestashop.money import Money
from echannel.connectors.prestashop.orders import product_ids
from echannel.connectors.prestashop.parsing import Record, flags, ids, numbers, rows_of, texts

_KILOGRAMS = {"kg": 1.0, "g": 0.001, "lb": 0.45359237, "lbs": 0.45359237, "oz": 0.028349523125}


def named(records: list[Record], language: str) -> dict[int, str]:
    """Names by id, in a language (its id) where there are several."""
    pairs = zip(ids(records), texts(records, "name", language), strict=True)
    return {int(one): name for one, name in pairs if name}


def products_frame(
    products: list[Record],
    combinations: list[Record],
    categories: Mapping[int, str],
    option_values: Mapping[int, str],
    settings: Mapping[str, str],
    money: Money,
    clock: Clock,
) -> pd.DataFrame:
    """The canonical products: a product with combinations is its combinations (``"12-34"``), each with what
    the product says and the combination changes.

    The cost is the combination's wholesale price, else the product's; 0 means unknown. Prices are the
    list prices without tax, costs and prices in the reporting currency.
    """
    language = settings.get("PS_LANG_DEFAULT", "")
    base = _base(products, categories, language, clock)
    known = set(base.index)
    made = [one for one in combinations if int(one.get("id_product") or 0) in known]
    parent = base.loc[ids(made, "id_product")].reset_index(drop=True)
    cost, sku = numbers(made, "wholesale_price", 0.0), texts(made, "reference")
    of_combinations = parent.assign(
        product_id=product_ids(made, "id_product", "id"),
        sku=np.where(sku == np.array(None), parent["sku"], sku),
        name=_combined(parent["name"], made, option_values),
        cost=np.where(cost > 0, cost, parent["cost"]),
        price=parent["price"] + numbers(made, "price", 0.0),
        weight=parent["weight"] + numbers(made, "weight", 0.0),
        _file="combinations",
        _row=ids(made),
    )
    plain = base[~base.index.isin(ids(made, "id_product"))]
    frame = pd.concat([plain, of_combinations], ignore_index=True)
    weight = frame.pop("weight") * _KILOGRAMS.get(settings.get("PS_WEIGHT_UNIT", "kg").lower(), np.nan)
    return frame.assign(
        unit_cost=money.cost(frame.pop("cost").to_numpy("float64")),
        price_net=frame.pop("price") * money.factor,
        weight_kg=weight.where(weight > 0),
        active=frame["active"].astype("boolean"),
    )


def _base(products: list[Record], categories: Mapping[int, str], language: str, clock: Clock) -> pd.DataFrame:
    category, supplier = ids(products, "id_category_default"), ids(products, "id_supplier")
    return pd.DataFrame(
        {
            "product_id": ids(products).astype(str).astype(object),
            "sku": texts(products, "reference"),
            "name": texts(products, "name", language),
            "category": np.array([categories.get(int(one)) for one in category] or [], dtype=object),
            "supplier_id": np.array([str(one) if one else None for one in supplier] or [], dtype=object),
            "cost": numbers(products, "wholesale_price", 0.0),
            "price": numbers(products, "price"),
            "weight": numbers(products, "weight", 0.0),
            "active": flags(products, "active"),
            "created_at": clock.utc(products, "date_add"),
            "_file": "products",
            "_row": ids(products),
        },
        index=ids(products),
    )


def _combined(names: pd.Series, combinations: list[Record], values: Mapping[int, str]) -> np.ndarray:
    """The product's name with its combination's: "T-shirt – S, White"."""
    rows, owner = rows_of(combinations, "product_option_values")
    options: list[list[str]] = [[] for _ in combinations]
    for of, value in zip(owner, ids(rows), strict=True):
        if int(value) in values:
            options[of].append(values[int(value)])
    pairs = zip(names, options, strict=True)
    whole = [f"{name} – {', '.join(inner)}" if name and inner else name for name, inner in pairs]
    return np.array(whole or [], dtype=object)


def gone_products(lines: list[Record]) -> pd.DataFrame:
    """Products that were sold and are no longer in the catalogue, as their order lines name them."""
    return pd.DataFrame(
        {
            "product_id": product_ids(lines, "product_id", "product_attribute_id"),
            "sku": texts(lines, "product_reference"),
            "name": texts(lines, "product_name"),
            "active": pd.array([False] * len(lines), dtype="boolean"),
            "_file": "order_details",
            "_row": ids(lines),
        }
    ).drop_duplicates("product_id", keep="last")


def stock_frame(
    available: list[Record], stocks: list[Record], today: np.datetime64, known: set[str]
) -> pd.DataFrame:
    """What is in stock today, per product or combination and place.

    Of a product with combinations, the row with attribute 0 is their sum and is left out. Quantities are
    what can still be sold: the shop has taken off what waits to be sent, so nothing more is reserved.
    Where a product is kept in warehouses (advanced stock management), what is there counts instead, and
    what cannot be used is reserved.
    """
    shop, group = ids(available, "id_shop"), ids(available, "id_shop_group")
    place = np.where(
        shop > 0, np.char.add("shop-", shop.astype(str)), np.char.add("group-", group.astype(str))
    )
    frame = pd.DataFrame(
        {
            "product_id": product_ids(available, "id_product", "id_product_attribute"),
            "location": place.astype(object),
            "on_hand": numbers(available, "quantity", 0.0),
            "reserved": 0.0,
            "product": ids(available, "id_product"),
            "combination": ids(available, "id_product_attribute"),
            "in_warehouses": flags(available, "depends_on_stock"),
            "_file": "stock_availables",
            "_row": ids(available),
        }
    )
    summed = frame["product"].isin(frame.loc[frame["combination"] > 0, "product"]) & frame["combination"].eq(
        0
    )
    kept = frame[~summed & frame["product_id"].isin(known)]
    inside = _warehouses(stocks)
    kept = kept[~(kept["in_warehouses"] & kept["product_id"].isin(inside["product_id"]))]
    inside = inside[inside["product_id"].isin(frame.loc[frame["in_warehouses"], "product_id"])]
    whole = pd.concat([kept.drop(columns=["product", "combination", "in_warehouses"]), inside])
    return whole.assign(as_of=today.astype("datetime64[us]")).reset_index(drop=True)


def _warehouses(stocks: list[Record]) -> pd.DataFrame:
    physical, usable = numbers(stocks, "physical_quantity", 0.0), numbers(stocks, "usable_quantity", 0.0)
    frame = pd.DataFrame(
        {
            "product_id": product_ids(stocks, "id_product", "id_product_attribute"),
            "location": np.char.add("warehouse-", ids(stocks, "id_warehouse").astype(str)).astype(object),
            "on_hand": physical,
            "reserved": physical - usable,
            "_file": "stocks",
            "_row": ids(stocks),
        }
    )
    # One warehouse may hold a product in several lots, each with its own price.
    grouped = frame.groupby(["product_id", "location"], as_index=False, sort=False)
    return grouped.agg({"on_hand": "sum", "reserved": "sum", "_file": "first", "_row": "first"})

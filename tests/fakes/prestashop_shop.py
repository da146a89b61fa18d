"""A made-up PrestaShop shop: its records as the webservice shows them, and what they truly sum up to."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

KEY = "K" * 16 + "7" * 16
NEVER = "0000-00-00 00:00:00"
PARIS = "Europe/Paris"
CANARIES = {
    "firstname": "Zebulon",
    "lastname": "Quillfeather",
    "email": "zq-canary",
    "phone": "0699887766",
    "address1": "77 Canary Lane",
    "secure_key": "c0ffee5ec0de",
    "passwd": "$2y$10$canaryhash",
}
"""Personal data that must never get out of the shop."""
COUNTRIES = {1: "DE", 8: "FR", 17: "GB"}
CURRENCIES = {1: ("EUR", 1.0, 0), 2: ("GBP", 0.86, 0), 3: ("USD", 1.08, 1)}
TAXES = {1: 20.0, 2: 5.5, 3: 0.0}
# id: (name, paid, shipped, logable, deleted)
STATES = {
    1: ("Waiting for the cheque", 0, 0, 0, 0),
    2: ("Argent reçu !", 1, 0, 1, 0),
    4: ("On its way", 1, 1, 1, 0),
    5: ("There", 1, 1, 1, 0),
    6: ("Called off", 0, 0, 0, 0),
    7: ("Money back", 0, 0, 0, 0),
    8: ("Card refused", 0, 0, 0, 0),
    9: ("On backorder (paid)", 1, 0, 0, 0),
    12: ("Invoice in 30 days", 0, 0, 1, 0),
    15: ("An old state", 1, 0, 1, 1),
}
INDEXED = {"id_order", "id_customer", "id_cart", "id_supplier", "reference", "order_reference"}
COUNTED = {number for number, (_, paid, shipped, logable, _d) in STATES.items() if paid or shipped or logable}


class PrestaShop:
    """The shop. ``now`` is its clock (wall time); ``revision`` grows with every change."""

    def __init__(self, seed: int = 1, products: int = 12, customers: int = 10) -> None:
        self.random = random.Random(seed)
        self.now = datetime(2026, 3, 2, 9, 0, 0)
        self.zone = PARIS
        self.version, self.shops = "8.0.3", {"1"}
        self.languages = ["1", "2"]
        self.php_strings = self.xml_only = self.drops_authorization = self.wrong_host = False
        self.switched_off = self.maintenance_page = self.ignores_filters = self.ignores_sort = False
        self.row_cap = self.memory = 0
        self.lacks: set[str] = set()
        self.revision = 0
        self.tables: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in _TABLES}
        self._last: dict[str, int] = {}
        self.lines: dict[int, list[dict[str, Any]]] = {}
        self.address_of: dict[int, int] = {}
        self.rights = set(_TABLES)
        self._rows: dict[str, tuple[list[dict], list[int]]] = {}
        self._index: dict[tuple[str, str], dict[str, list[dict]]] = {}
        self._lists()
        for _ in range(products):
            self.add_product()
        for _ in range(customers):
            self.add_customer()

    def rows(self, name: str) -> tuple[list[dict], list[int]]:
        """A table's records by ascending id, and the ids."""
        found = self._rows.get(name)
        if found is None:
            ordered = sorted(self.tables[name].items())
            found = [row for _, row in ordered], [number for number, _ in ordered]
            self._rows[name] = found
        return found

    def among(self, name: str, column: str, values: list[str]) -> list[dict]:
        """A table's records with one of some values in a column, by ascending id; found by an index."""
        index = self._index.get((name, column))
        if index is None:
            index = {}
            for row in self.rows(name)[0]:
                index.setdefault(str(row.get(column)), []).append(row)
            self._index[name, column] = index
        found = [row for value in dict.fromkeys(values) for row in index.get(value, ())]
        return sorted(found, key=lambda row: row["id"])

    def _forget(self, table: str) -> None:
        self._rows.pop(table, None)
        for known in [key for key in self._index if key[0] == table]:
            del self._index[known]

    def altered(self) -> None:
        """Records, or how the shop shows them, were changed from outside."""
        self.revision += 1
        self._rows.clear()
        self._index.clear()

    def remove(self, table: str, number: int) -> None:
        self.revision += 1
        del self.tables[table][number]
        self._forget(table)

    def utc(self) -> float:
        """The clock as a server's ``Date`` has it: seconds since 1970."""
        return self.now.replace(tzinfo=ZoneInfo(self.zone)).timestamp()

    def stamp(self) -> str:
        return self.now.strftime("%Y-%m-%d %H:%M:%S")

    def add(self, table: str, **values: Any) -> int:
        self.revision += 1
        self._forget(table)
        rows = self.tables[table]
        last = self._last.get(table, 0)
        number = values.pop("id", None) or last + 1
        self._last[table] = max(last, number)
        rows[number] = {"id": number, **values}
        return number

    def next_id(self, table: str) -> int:
        return self._last.get(table, 0) + 1

    def touch(self, table: str, number: int, **values: Any) -> None:
        """Change a record; it gets a new date of change where its table has one."""
        self.revision += 1
        row = self.tables[table][number]
        if set(values) & INDEXED:
            self._forget(table)
        row.update(values)
        if "date_upd" in row:
            row["date_upd"] = self.stamp()

    def pass_time(self, minutes: float = 30) -> None:
        self.now += timedelta(minutes=minutes)

    def _lists(self) -> None:
        settings = {
            "PS_TIMEZONE": PARIS,
            "PS_CURRENCY_DEFAULT": "1",
            "PS_LANG_DEFAULT": "1",
            "PS_WEIGHT_UNIT": "kg",
            "PS_OS_CANCELED": "6",
            "PS_OS_ERROR": "8",
            "PS_OS_REFUND": "7",
            "PS_OS_DELIVERED": "5",
        }
        for name, value in settings.items():
            self.add("configurations", value=value, name=name, id_shop_group="", id_shop="")
        for number, code in COUNTRIES.items():
            self.add("countries", id=number, iso_code=code)
        self.add("states", id=12, iso_code="NIR", id_country=17)
        for number, (code, rate, gone) in CURRENCIES.items():
            row = {"iso_code": code, "conversion_rate": f"{rate:.6f}", "deleted": gone}
            self.add("currencies", id=number, **row)
        for number, rate in TAXES.items():
            self.add("taxes", id=number, rate=f"{rate:.3f}", active=1, deleted=int(number == 3))
        for number, (name, paid, shipped, logable, gone) in STATES.items():
            flags = {"paid": paid, "shipped": shipped, "logable": logable, "deleted": gone}
            self.add("order_states", id=number, name=_both(name), **flags)
        for number, name in enumerate(("Root", "Cushions", "Mugs"), 1):
            self.add("categories", id=number, name=_both(name), date_upd=self.stamp())
        for number, name in enumerate(("S", "M", "White"), 1):
            self.add("product_option_values", id=number, name=_both(name))
        supplier = self.add("suppliers", name="Filature du Nord", active=1, date_upd=self.stamp())
        self.add("addresses", **self._address(8, id_supplier=supplier, company="Filature du Nord"))

    def _address(self, country: int, **more: Any) -> dict[str, Any]:
        private = {name: CANARIES[name] for name in ("firstname", "lastname", "address1")}
        return {
            "id_customer": 0,
            "id_supplier": 0,
            "id_country": country,
            "id_state": 12 if country == 17 else 0,
            "company": "",
            "vat_number": "",
            "postcode": "59000",
            "city": "Canaryville",
            "phone": CANARIES["phone"],
            "deleted": 0,
            "date_add": self.stamp(),
            "date_upd": self.stamp(),
            **private,
            **more,
        }

    def add_product(self, combinations: int | None = None, cost: float | None = None) -> int:
        rand = self.random
        price = round(rand.uniform(3, 60), 2)
        number = self.add(
            "products",
            id_supplier=rand.choice((0, 1)),
            id_category_default=rand.choice((2, 3)),
            reference=f"REF-{rand.randrange(10**6)}",
            name=None,
            wholesale_price=f"{price * 0.4 if cost is None else cost:.6f}",
            price=f"{price:.6f}",
            weight=f"{rand.choice((0.0, 0.25)):.6f}",
            active=1,
            date_add=self.stamp(),
            date_upd=self.stamp(),
            associations={},
        )
        self.tables["products"][number]["name"] = _both(f"Cushion {number}")
        made = [
            self.add(
                "combinations",
                id_product=number,
                reference=f"C-{number}-{i}",
                wholesale_price="0.000000",
                price=f"{i:.6f}",
                weight="0.000000",
                associations={"product_option_values": [{"id": i + 1}, {"id": 3}]},
            )
            for i in range(rand.choice((0, 0, 2)) if combinations is None else combinations)
        ]
        counts = [rand.randrange(0, 40) for _ in made] or [rand.randrange(0, 40)]
        shared = {"id_shop": 1, "id_shop_group": 0, "depends_on_stock": 0}
        row = {"id_product": number, "id_product_attribute": 0, "quantity": sum(counts)}
        self.add("stock_availables", **row, **shared)
        for combination, count in zip(made, counts, strict=False):
            row = {"id_product": number, "id_product_attribute": combination, "quantity": count}
            self.add("stock_availables", **row, **shared)
        self.add(
            "product_suppliers",
            id_product=number,
            id_product_attribute=0,
            id_supplier=1,
            id_currency=2,
            product_supplier_price_te=f"{price * 0.3:.6f}",
        )
        return number

    def add_customer(self, email: str | None = None, guest: bool = False, **more: Any) -> int:
        number = self.next_id("customers")
        company, vat = more.pop("address_company", ""), more.pop("vat_number", "")
        country = more.pop("country", self.random.choice((8, 17)))
        values = {
            "email": email or f"{CANARIES['email']}{number}@example.com",
            "is_guest": int(guest),
            "company": None,
            "siret": None,
            "max_payment_days": 0,
            "deleted": 0,
            **{name: CANARIES[name] for name in ("firstname", "lastname", "secure_key", "passwd")},
            "date_add": self.stamp(),
            "date_upd": self.stamp(),
            **more,
        }
        self.add("customers", **values)
        values = self._address(country, id_customer=number, company=company, vat_number=vat)
        self.address_of[number] = self.add("addresses", **values)
        return number


def _both(text: str) -> dict[str, str]:
    return {"1": text, "2": f"{text} (2)"}


_TABLES = (
    *("orders", "order_details", "order_slip", "order_states", "order_payments", "currencies"),
    *("configurations", "taxes", "countries", "states", "customers", "addresses", "products"),
    *("combinations", "product_option_values", "categories", "stock_availables", "suppliers"),
    *("product_suppliers", "carts", "stocks", "supply_orders", "supply_order_details"),
    *("supply_order_receipt_histories", "supply_order_states"),
)

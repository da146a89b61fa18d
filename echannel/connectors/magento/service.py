"""Magento's REST API, asked so that nothing is skipped or read twice, and no name is ever sent.

Past its last page Magento gives the last one again, and pages shift while a shop sells. So lists with a
number are read by ranges of it, each within one answer, several at once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from echannel.connectors.base import SourceContext
from echannel.connectors.http import Answer, Api, Limits, SourceError
from echannel.connectors.oauth import base_string, encoded
from echannel.connectors.paging import by_key, by_number
from echannel.connectors.rest import Record, secret

ROOT = "rest/all/V1"
PAGE = 100
"""Magento builds whole objects of every row: larger pages are slower by the row."""
_DENIED = "%resources"
"""How Magento words a missing right; the right's name comes beside it."""
Filter = tuple[str, str, Any]


@dataclass(frozen=True)
class Resource:
    """A list: its path, its right as Magento names it, the fields asked for, the column of its number and
    the name of that in the records."""

    path: str
    right: str
    fields: str = ""
    column: str = "entity_id"
    number: str = "entity_id"
    tables: tuple[str, ...] = ()


ORDERS = Resource(
    "orders",
    "Magento_Sales::actions_view",
    "entity_id,created_at,updated_at,state,status,customer_email,customer_is_guest,customer_group_id,customer_taxvat,"
    "order_currency_code,base_currency_code,global_currency_code,base_to_order_rate,base_to_global_rate,"
    "subtotal,discount_amount,discount_tax_compensation_amount,shipping_amount,shipping_tax_amount,"
    "shipping_discount_amount,shipping_discount_tax_compensation_amount,tax_amount,grand_total,"
    "base_grand_total,total_paid,total_refunded,subtotal_canceled,discount_canceled,shipping_canceled,"
    "tax_canceled,total_canceled,billing_address[country_id,region_code,company,vat_id],payment[method],"
    "items[item_id,parent_item_id,product_id,product_type,sku,name,qty_ordered,qty_canceled,price,row_total,"
    "discount_amount,discount_tax_compensation_amount,tax_percent,base_cost],"
    "extension_attributes[shipping_assignments[shipping[address[country_id]]],customer_balance_amount,"
    "gift_cards_amount,reward_currency_amount,gw_price,gw_items_price,gw_card_price,gw_tax_amount,"
    "gw_items_tax_amount,gw_card_tax_amount]",
    tables=("orders", "order_lines"),
)
CREDIT_MEMOS = Resource(
    "creditmemos",
    "Magento_Sales::sales_creditmemo",
    "entity_id,order_id,created_at,state,grand_total,tax_amount,shipping_amount,shipping_tax_amount,"
    "items[entity_id,order_item_id,qty,row_total,discount_amount,discount_tax_compensation_amount,tax_amount],"
    "extension_attributes[customer_balance_amount,gift_cards_amount,reward_currency_amount]",
    tables=("refunds",),
)
PRODUCTS = Resource(
    "products",
    "Magento_Catalog::products",
    "id,sku,name,price,status,type_id,created_at,weight,custom_attributes,"
    "extension_attributes[category_links[category_id]]",
    number="id",
    tables=("products",),
)
CATEGORIES = Resource(
    "categories/list", "Magento_Catalog::categories", "id,name", number="id", tables=("products",)
)
CUSTOMERS = Resource(
    "customers/search",
    "Magento_Customer::customer",
    "id,email,group_id,created_at,taxvat,addresses[country_id,region[region_code],company,vat_id,default_billing]",
    number="id",
    tables=("customers",),
)
SOURCE_ITEMS = Resource(
    "inventory/source-items",
    "Magento_InventoryApi::source",
    "sku,source_code,quantity",
    tables=("stock_levels",),
)
CONFIGS = Resource("store/storeConfigs", "Magento_Backend::store")
_PUBLIC = (PRODUCTS, CATEGORIES, CONFIGS)
"""A shop may show these to everybody (Allow Anonymous Guest Access): they tell nothing of the token."""
RESOURCES = (ORDERS, CREDIT_MEMOS, PRODUCTS, CATEGORIES, CUSTOMERS, SOURCE_ITEMS, CONFIGS)


class Service:
    """One shop's REST API."""

    def __init__(
        self, address: str, options: Mapping[str, Any], context: SourceContext, limits: Limits
    ) -> None:
        self.rights = {one.path: one.right for one in RESOURCES}
        """By path, as this shop's version names them."""
        token = secret(context, "token").get_secret_value().strip()
        how: dict[str, Any] = {"headers": {"Authorization": f"Bearer {token}"}}
        if "consumer_key" in context.secrets:
            names = ("consumer_key", "consumer_secret", "token_secret")
            how = {"sign": signer(token, *(secret(context, one).get_secret_value().strip() for one in names))}
        self.api = Api(f"{address}/{ROOT}", context, options=options, limits=limits, explain=explain, **how)

    def allowed(self) -> tuple[dict[str, bool], datetime]:
        """What the token may read, by resource, and the server's clock.

        Raises
        ------
        SourceError
            When it may read nothing but what is public: Magento says the same of an unknown token.
        """
        may: dict[str, bool] = {}
        now = None
        for resource in RESOURCES:
            try:
                asked = {} if resource is CONFIGS else criteria((), 1, resource)
                now = self.api.get(resource.path, asked).server_time or now
                may[resource.path] = True
            except SourceError as failure:
                # Before 2.3, and where multi-source inventory was taken out, there is no such path.
                absent = resource is SOURCE_ITEMS and failure.kind == "not_found"
                if failure.key != "magento.error.right" and not absent:
                    raise
                may[resource.path] = False
                self.rights[resource.path] = str(failure.values.get("right") or resource.right)
        if not any(granted for path, granted in may.items() if path not in {one.path for one in _PUBLIC}):
            raise _unknown_token(self.api.host)
        return may, now or datetime.now(UTC)

    def configs(self) -> list[Record]:
        """The settings of each store view."""
        answer = self.api.get(CONFIGS.path)
        content = answer.json()
        if not isinstance(content, list):
            raise _misshapen(answer)
        return content

    def ends(self, resource: Resource) -> tuple[int, int]:
        """The lowest and the highest number there is; (1, 0) for an empty list."""
        found = [self._rows(resource, (), 1, descending=down) for down in (False, True)]
        if not found[0] or not found[1]:
            return 1, 0
        return int(found[0][0][resource.number]), int(found[1][0][resource.number])

    def ranges(self, resource: Resource, after: int = 0) -> Iterator[tuple[int, int, list[Record]]]:
        """All records above ``after`` by ranges of their number: first, last, and what is in it.

        Ranges are as wide as a page is long, wider where few of the numbers are in use.
        """
        low, high = self.ends(resource)
        count = int(self._answer(resource, criteria((), 1, resource)).get("total_count") or 0)
        width = max(PAGE, PAGE * (high - low + 1) // max(count, 1))
        steps = [(at, at + width - 1) for at in range(max(low, after + 1), high + 1, width)]

        def read(step: tuple[int, int]) -> tuple[int, int, list[Record]]:
            return (*step, self.between(resource, resource.column, *step))

        yield from self.api.map(read, steps)

    def whole(self, resource: Resource) -> list[Record]:
        """All records."""
        return [row for *_, rows in self.ranges(resource) for row in rows]

    def between(self, resource: Resource, column: str, low: Any, high: Any) -> list[Record]:
        """Records with a column between two values, both included, ascending by number."""
        bounds: tuple[Filter, ...] = ((column, "gteq", low), (column, "lteq", high))
        return self._all(resource, bounds)

    def among(self, resource: Resource, column: str, values: list[int]) -> list[Record]:
        """Records with a column among some numbers."""
        chunks = [values[at : at + PAGE] for at in range(0, len(values), PAGE)]

        def read(chunk: list[int]) -> list[Record]:
            return self._all(resource, ((column, "in", ",".join(map(str, chunk))),))

        return [row for rows in self.api.map(read, chunks) for row in rows]

    def stock(self) -> list[Record]:
        """What each source has of each product; these rows have no number."""
        count = int(self._answer(SOURCE_ITEMS, criteria((), 1, SOURCE_ITEMS)).get("total_count") or 0)

        def page(at: int) -> list[Record]:
            asked = criteria((), PAGE, SOURCE_ITEMS, page=at)
            return self._answer(SOURCE_ITEMS, asked).get("items") or []

        pages = by_number(page, _place, -(-count // PAGE), self.api.map)
        found = {_place(row): row for rows in pages for row in rows}
        return list(found.values())

    def _all(self, resource: Resource, filters: tuple[Filter, ...]) -> list[Record]:
        def read(last: int | None) -> list[Record]:
            bounds = filters if last is None else (*filters, (resource.column, "gt", last))
            return self._rows(resource, bounds, PAGE)

        def number(row: Record) -> int:
            return int(row[resource.number])

        return [row for rows in by_key(read, number, PAGE) for row in rows]

    def _rows(
        self, resource: Resource, filters: tuple[Filter, ...], size: int, descending: bool = False
    ) -> list[Record]:
        asked = criteria(filters, size, resource, descending)
        return self._answer(resource, asked).get("items") or []

    def _answer(self, resource: Resource, asked: Mapping[str, Any]) -> Record:
        answer = self.api.get(resource.path, asked)
        content = answer.json()
        if content == []:  # nothing found, and nothing left to filter the fields of
            return {}
        known = isinstance(content, dict) and not content.keys().isdisjoint({"items", "total_count"})
        if not known or not isinstance(content.get("items"), list | None):
            raise _misshapen(answer)
        return content


def _place(row: Record) -> tuple[str, str]:
    return str(row["sku"]), str(row["source_code"])


def criteria(
    filters: tuple[Filter, ...], size: int, resource: Resource, descending: bool = False, page: int = 1
) -> dict[str, str]:
    """The search criteria, each filter in a group of its own (groups are joined by "and")."""
    asked = {"searchCriteria[pageSize]": str(size), "searchCriteria[currentPage]": str(page)}
    order = "sku" if resource is SOURCE_ITEMS else resource.column
    orders = [order, "source_code"] if resource is SOURCE_ITEMS else [order]
    for place, column in enumerate(orders):
        asked[f"searchCriteria[sortOrders][{place}][field]"] = column
        asked[f"searchCriteria[sortOrders][{place}][direction]"] = "DESC" if descending else "ASC"
    for place, (field, condition, value) in enumerate(filters):
        prefix = f"searchCriteria[filterGroups][{place}][filters][0]"
        asked[f"{prefix}[field]"], asked[f"{prefix}[value]"] = field, str(value)
        asked[f"{prefix}[conditionType]"] = condition
    asked["fields"] = f"items[{resource.fields}],total_count"
    return asked


def explain(answer: Answer) -> SourceError | None:
    """What Magento's refusals mean; its own sentence is left out, but for the right that it names."""
    try:
        told = json.loads(answer.content)
    except ValueError:
        return None
    message = str(told.get("message", "")) if isinstance(told, dict) else ""
    if answer.status in (401, 403) and _DENIED in message:
        parameters = told.get("parameters") or {}
        named = parameters.get("resources") if isinstance(parameters, dict) else None
        return answer.failure("forbidden", "magento.error.right", right=str(named or ""))
    if answer.status == 401:
        return _unknown_token(answer.host)
    if answer.status == 404:
        return answer.failure("not_found", "magento.error.no_api")
    return None


def signer(
    token: str, key: str, hidden: str, token_hidden: str
) -> Callable[[str, str, Mapping[str, Any]], Mapping[str, str]]:
    """OAuth 1.0a (RFC 5849) with a token: how shops take it that do not let a token stand alone."""
    both = f"{encoded(hidden)}&{encoded(token_hidden)}".encode("ascii")

    def sign(method: str, url: str, params: Mapping[str, Any]) -> Mapping[str, str]:
        stated = {
            "oauth_consumer_key": key,
            "oauth_nonce": secrets.token_hex(16),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(int(time.time())),
            "oauth_token": token,
            "oauth_version": "1.0",
        }
        base = base_string(method, url, {**params, **stated}).encode("ascii")
        signed = base64.b64encode(hmac.new(both, base, hashlib.sha256).digest()).decode("ascii")
        fields = {**stated, "oauth_signature": signed}
        return {"Authorization": "OAuth " + ", ".join(f'{one}="{encoded(v)}"' for one, v in fields.items())}

    return sign


def _unknown_token(host: str) -> SourceError:
    failure = SourceError("unauthorised", "magento.error.token", host=host)
    return failure.about(401)


def _misshapen(answer: Answer) -> SourceError:
    return answer.failure("not_json", "connect.error.not_json")

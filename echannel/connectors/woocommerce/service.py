"""The shop's REST API: its keys, its pages, and what its refusals mean."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from echannel.connectors.base import SourceContext
from echannel.connectors.failures import SourceError
from echannel.connectors.http import Answer, Api, Limits
from echannel.connectors.oauth import signer
from echannel.connectors.paging import by_number
from echannel.connectors.rest import Record, secret

PAGE = 100
"""The most that WooCommerce gives at once."""
_TOGETHER = 36
"""Pages read side by side between two looks at whether something has shifted."""
ROOT = "wp-json/wc/v3"
ORDER_FIELDS = (
    "id,status,currency,date_created_gmt,date_modified_gmt,date_paid_gmt,shipping_total,shipping_tax,total,"
    "total_tax,customer_id,billing.email,billing.country,billing.state,billing.company,shipping.country,"
    "payment_method,created_via,line_items,tax_lines,fee_lines,refunds,meta_data"
)
PEOPLE_FIELDS = (
    "id,customer_id,date_created_gmt,billing.email,billing.country,billing.state,billing.company,meta_data"
)
CUSTOMER_FIELDS = (
    "id,email,role,is_paying_customer,date_created_gmt,"
    "billing.country,billing.state,billing.company,meta_data"
)
REFUND_FIELDS = "id,date_created_gmt,amount,reason,line_items,shipping_lines,fee_lines"
PRODUCT_FIELDS = (
    "id,name,sku,type,status,date_created_gmt,price,regular_price,tax_class,tax_status,manage_stock,"
    "stock_quantity,weight,categories,variations,attributes,cost_of_goods_sold,meta_data"
)
RIGHTS: Mapping[str, tuple[str, ...]] = {
    "orders": ("orders", "order_lines", "refunds"),
    "products": ("products", "stock_levels"),
    "customers": ("customers",),
    "settings/general": ("products",),
    "taxes": ("products",),
}
"""What the connector asks for, and the tables that each serves."""
NEEDED = ("orders",)


class Service:
    """Asks one shop, page by page."""

    def __init__(
        self, address: str, options: Mapping[str, Any], context: SourceContext, limits: Limits
    ) -> None:
        key, hidden = secret(context, "key"), secret(context, "secret")
        how: dict[str, Any] = {"auth": (key, hidden)}
        if address.startswith("http://"):
            # WooCommerce takes keys as they are over TLS only.
            how = {"sign": signer(key.get_secret_value(), hidden.get_secret_value())}
        elif options.get("key_in_address"):
            how = {"query": {"consumer_key": key, "consumer_secret": hidden}}
        self.api = Api(f"{address}/{ROOT}", context, options=options, limits=limits, explain=explain, **how)

    def first(self, resource: str, **params: Any) -> tuple[list[Record], Answer]:
        """One record at most, to see whether it may be read."""
        answer = self.api.get(resource, {"per_page": "1", **params})
        return _rows(answer), answer

    def pages(self, resource: str, **params: str) -> int:
        """How many pages there are."""
        _, answer = self.first(resource, _fields="id", **params)
        total = str(answer.headers.get("X-WP-Total", "")).strip()
        if not total.isdigit():
            problem = answer.failure("not_json", "woocommerce.error.no_total")
            raise problem
        return -(-int(total) // PAGE)

    def read(
        self, resource: str, fields: str, pages: int | None = None, **params: str
    ) -> Iterator[list[Record]]:
        """All pages, ascending ids, from the last to the first."""
        count = self.pages(resource, **params) if pages is None else pages
        asked = {"per_page": str(PAGE), "orderby": "id", "order": "asc", "_fields": fields, **params}

        def page(at: int) -> list[Record]:
            return _rows(self.api.get(resource, {**asked, "page": str(at)}))

        for rows in by_number(page, _number, count, self.api.map, _TOGETHER):
            yield list(rows)

    def whole(self, resource: str, fields: str, **params: str) -> list[Record]:
        """All records of a resource, each once."""
        found = {row["id"]: row for rows in self.read(resource, fields, None, **params) for row in rows}
        return [found[one] for one in sorted(found)]

    def all_refunds(self) -> dict[int, Record]:
        """The refunds of all orders by id, in few requests; none before WooCommerce 9, which has no list."""
        try:
            rows = self.whole("refunds", f"{REFUND_FIELDS},parent_id")
        except SourceError as failure:
            if failure.kind not in ("not_found", "forbidden"):
                raise
            return {}
        return {row["id"]: row for row in rows}

    def refunds(self, orders: list[Record], known: Mapping[int, Record]) -> list[list[Record]]:
        """Each order's refunds, in the orders' order; asked for where some are not known."""

        def ids(order: Record) -> list[int]:
            return [one["id"] for one in order.get("refunds") or []]

        some = [order["id"] for order in orders if any(one not in known for one in ids(order))]
        asked = {"per_page": str(PAGE), "_fields": REFUND_FIELDS}
        answers = self.api.map(lambda one: _rows(self.api.get(f"orders/{one}/refunds", asked)), some)
        found = dict(zip(some, answers, strict=True))
        return [
            found[order["id"]] if order["id"] in found else [known[one] for one in ids(order)]
            for order in orders
        ]

    def variations(self, products: list[Record]) -> list[Record]:
        """The variations of all products that have some, each with its product under ``parent``."""
        some = [product for product in products if product.get("variations")]

        def of(product: Record) -> list[Record]:
            path, pages = f"products/{product['id']}/variations", -(-len(product["variations"]) // PAGE)
            asked = {"per_page": str(PAGE), "orderby": "id", "order": "asc", "_fields": PRODUCT_FIELDS}
            rows = [
                row
                for at in range(1, pages + 1)
                for row in _rows(self.api.get(path, {**asked, "page": str(at)}))
            ]
            return [{**row, "parent": product} for row in rows]

        return [row for rows in self.api.map(of, some) for row in rows]

    def settings(self, group: str) -> dict[str, Any]:
        """The shop's settings of a group, by name."""
        return {row["id"]: row.get("value") for row in _rows(self.api.get(f"settings/{group}"))}

    def allowed(self) -> tuple[dict[str, bool], datetime]:
        """What the key may read, and the server's clock.

        Raises
        ------
        SourceError
            When the shop cannot be asked at all.
        """

        def look(resource: str) -> Answer | None:
            try:
                return self.first(resource, _fields="id")[1]
            except SourceError as failure:
                if failure.key != "woocommerce.error.cannot_view":
                    raise
                return None

        answers = dict(zip(RIGHTS, self.api.map(look, RIGHTS), strict=True))
        may = {resource: answer is not None for resource, answer in answers.items()}
        now = next((answer.server_time for answer in answers.values() if answer is not None), None)
        if not any(may.values()):
            raise SourceError("unauthorised", "woocommerce.error.key_lost", host=self.api.host)
        return may, now or datetime.now(UTC)


def explain(answer: Answer) -> SourceError | None:
    """What the REST API's own codes mean."""
    try:
        told = json.loads(answer.content)
        code = str(told.get("code", "")) if isinstance(told, dict) else ""
    except ValueError:
        code = ""
    resource = answer.path.partition(f"{ROOT}/")[2] or "/"
    if code in ("woocommerce_rest_cannot_view", "rest_forbidden"):
        return answer.failure("forbidden", "woocommerce.error.cannot_view", resource=resource)
    if code.startswith("woocommerce_rest_authentication") or answer.status == 401:
        return answer.failure("unauthorised", "woocommerce.error.key")
    if code == "rest_no_route" or answer.status == 404:
        return answer.failure("not_found", "woocommerce.error.no_api")
    return None


def _number(row: Record) -> Any:
    return row["id"]


def _rows(answer: Answer) -> list[Record]:
    content = answer.json()
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        raise answer.failure("not_json", "connect.error.not_json")
    return content

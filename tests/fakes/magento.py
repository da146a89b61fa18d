"""Magento's REST API as a real shop answers it: search criteria, fields, paging, rights, OAuth.

The shop behind it is ``fakes.magento_shop``. Shapes follow Adobe's REST reference and the issues of
magento/magento2 (#26986: past the last page the last one comes again; #22562, #38523: parents and children).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Any
from urllib.parse import quote

from fakes.magento_shop import MagentoShop
from fakes.server import Call, Reply

TOKEN, KEY = "tok-3kq9canary", "ck-77f1"
KEY_SECRET, TOKEN_SECRET = "cs-hidden-11", "ts-hidden-22"
RIGHTS = {
    "orders": "Magento_Sales::actions_view",
    "creditmemos": "Magento_Sales::sales_creditmemo",
    "products": "Magento_Catalog::products",
    "categories/list": "Magento_Catalog::categories",
    "customers/search": "Magento_Customer::customer",
    "inventory/source-items": "Magento_InventoryApi::source",
    "store/storeConfigs": "Magento_Backend::store",
}
_FILTER = re.compile(r"searchCriteria\[filterGroups\]\[(\d+)\]\[filters\]\[(\d+)\]\[(\w+)\]")
_NUMBERED = {"products": "id", "categories/list": "id", "customers/search": "id"}


class RestApi:
    """The app for ``FakeServer``."""

    def __init__(self, shop: MagentoShop) -> None:
        self.shop = shop
        self.rights = set(RIGHTS.values())
        self.bearer = True  # "Allow OAuth Access Tokens to be used as standalone Bearer tokens"
        self.multi_source = True
        self.open_to_all = False  # "Allow Anonymous Guest Access"

    def __call__(self, call: Call) -> Reply:
        path = call.path.partition("/rest/all/V1/")[2]
        if path not in RIGHTS or (path == "inventory/source-items" and not self.multi_source):
            return Reply({"message": "Request does not match any route."}, 404)
        public = self.open_to_all and path in ("products", "categories/list", "store/storeConfigs")
        if not public and (not self._known(call) or RIGHTS[path] not in self.rights):
            message = "The consumer isn't authorized to access %resources."
            return Reply({"message": message, "parameters": {"resources": RIGHTS[path]}}, 401)
        if path == "store/storeConfigs":
            return Reply([{"id": 1, "base_currency_code": self.shop.base, "weight_unit": "kgs"}])
        return Reply(self._listed(path, call.params))

    def _known(self, call: Call) -> bool:
        said = call.headers.get("Authorization", "")
        if said.startswith("Bearer "):
            return self.bearer and said == f"Bearer {TOKEN}"
        return said.startswith("OAuth ") and _signed(call, said)

    def _listed(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        rows = list(self.shop.tables[path])
        for field, condition, value in _filters(params):
            column = _NUMBERED.get(path, field) if field == "entity_id" else field
            rows = [row for row in rows if _passes(row.get(column), condition, value)]
        for place in (1, 0):
            field = params.get(f"searchCriteria[sortOrders][{place}][field]")
            if field:
                column = _NUMBERED.get(path, field) if field == "entity_id" else field
                down = params.get(f"searchCriteria[sortOrders][{place}][direction]") == "DESC"
                rows.sort(key=lambda row, column=column: row[column], reverse=down)
        size = int(params.get("searchCriteria[pageSize]") or 20)
        last = max(1, -(-len(rows) // size))
        page = min(max(1, int(params.get("searchCriteria[currentPage]") or 1)), last)
        whole = {
            "items": rows[(page - 1) * size : page * size],
            "search_criteria": {},
            "total_count": len(rows),
        }
        return _only(whole, params["fields"]) if params.get("fields") else whole


def _filters(params: dict[str, str]) -> list[tuple[str, str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for name, value in params.items():
        if match := _FILTER.fullmatch(name):
            found.setdefault(match.group(1, 2), {})[match[3]] = value
    return [(one["field"], one.get("conditionType", "eq"), one["value"]) for one in found.values()]


def _passes(value: Any, condition: str, wanted: str) -> bool:
    kind = int if isinstance(value, int) else str
    if condition == "in":
        return value in [kind(one) for one in wanted.split(",")]
    other = kind(wanted)
    return {
        "eq": value == other,
        "gt": value > other,
        "gteq": value >= other,
        "lteq": value <= other,
    }[condition]


def _only(value: Any, fields: str) -> Any:
    """A record with the fields of ``a,b[c,d]`` and no others."""
    if isinstance(value, list):
        return [_only(one, fields) for one in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for name, inner in _split(fields):
        if name in value:
            found[name] = _only(value[name], inner) if inner else value[name]
    return found


def _split(fields: str) -> list[tuple[str, str]]:
    parts, depth, begun = [], 0, 0
    for place, sign in enumerate(f"{fields},"):
        depth += (sign == "[") - (sign == "]")
        if sign == "," and not depth:
            name, _, inner = fields[begun:place].partition("[")
            parts.append((name, inner[:-1]))
            begun = place + 1
    return parts


def _signed(call: Call, said: str) -> bool:
    """Whether an OAuth 1.0a signature is right, by RFC 5849, 3.4."""
    fields = dict(re.findall(r'(\w+)="([^"]*)"', said))
    given = fields.pop("oauth_signature", "")
    if (fields.get("oauth_consumer_key"), fields.get("oauth_token")) != (KEY, TOKEN):
        return False

    def code(text: str) -> str:
        return quote(text, safe="-._~")

    pairs = sorted((code(k), code(v)) for k, v in {**call.params, **fields}.items())
    joined = "&".join(f"{k}={v}" for k, v in pairs)
    base = "&".join(("GET", code(f"http://{call.headers['Host']}{call.path}"), code(joined)))
    hidden = f"{KEY_SECRET}&{TOKEN_SECRET}".encode()
    right = base64.b64encode(hmac.new(hidden, base.encode(), hashlib.sha256).digest()).decode()
    return code(right) == given

"""A PrestaShop webservice that behaves like a real one, over a made-up shop that knows its own truth.

Shapes and behaviours follow recorded answers of an 8.0.3 shop; every record is made up here.
``PrestaShop`` is the shop (``PrestaShopKit`` sells, refunds, cancels), ``webservice(shop)`` its app for
``FakeServer``. What a shop may do differently is an attribute of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from fakes.prestashop_shop import INDEXED, KEY, PrestaShop
from fakes.server import Call, Reply

__all__ = ["KEY", "PrestaShop", "webservice"]

_ONE = {"order_slip": "order_slip", "addresses": "address", "taxes": "tax", "currencies": "currency"}
_LISTED = {"order_slip": "order_slips"}
_DATED = {"orders", "order_slip", "customers", "addresses", "carts", "products", "suppliers", "categories"}
_ROWS = {
    "orders": ("order_rows",),
    "order_details": ("taxes",),
    "order_slip": ("order_slip_details",),
    "carts": ("cart_rows",),
    "combinations": ("product_option_values",),
    "products": ("combinations",),
}
_RANGE = re.compile(r"\[([^,\]|]+),([^,\]|]+)\]")


@dataclass
class _Refusal(Exception):
    status: int
    errors: list[tuple[int, str]] = field(default_factory=list)


class _Webservice:
    def __init__(self, shop: PrestaShop) -> None:
        self.shop = shop
        self._pages: dict[Any, bytes] = {}

    def __call__(self, call: Call) -> Reply:
        shop, json_asked = self.shop, call.params.get("output_format") == "JSON"
        as_json = json_asked and not shop.xml_only
        if shop.wrong_host or ("id_shop" in call.params and call.params["id_shop"] not in shop.shops):
            return Reply(b"", 302, {"Location": f"http://{call.headers.get('Host')}/?url=orders"})
        if shop.maintenance_page:
            return Reply(b"<!doctype html><html><body>Back soon</body></html>", 200)
        given = self._key(call)
        if given is None:
            return Reply(b"401 Unauthorized", 401, {"Content-Type": "text/html; charset=utf-8"})
        try:
            body = self._answer(call, given, as_json)
        except _Refusal as refusal:
            if refusal.status in (404, 500):
                return Reply(b"", refusal.status, {"Content-Type": "text/html; charset=utf-8"})
            return self._reply(self._errors(refusal.errors, as_json), as_json, refusal.status)
        return self._reply(body, as_json, 200)

    def _key(self, call: Call) -> str | None:
        if not self.shop.drops_authorization and call.headers.get("Authorization", "").startswith("Basic "):
            coded = call.headers["Authorization"].partition(" ")[2]
            return base64.b64decode(coded).decode().partition(":")[0] or None
        return call.params.get("ws_key")

    def _reply(self, body: bytes, as_json: bool, status: int) -> Reply:
        kind = "application/json" if as_json else "text/xml;charset=utf-8"
        headers = {"Content-Type": kind, "PSWS-Version": self.shop.version}
        if status == 200:
            headers["Content-Sha1"] = hashlib.sha1(body).hexdigest()
        return Reply(body, status, headers)

    def _errors(self, errors: list[tuple[int, str]], as_json: bool) -> bytes:
        if as_json:
            return _json({"errors": [{"code": code, "message": text} for code, text in errors]})
        inner = "".join(
            f"<error><code><![CDATA[{code}]]></code><message><![CDATA[{text}]]></message></error>"
            for code, text in errors
        )
        return _document(f"<errors>{inner}</errors>")

    def _answer(self, call: Call, key: str, as_json: bool) -> bytes:
        shop = self.shop
        if shop.switched_off:
            raise _Refusal(503, [(22, "The PrestaShop webservice is disabled.")])
        if len(key) != 32:
            raise _Refusal(401, [(18, "Invalid authentication key format")])
        if key != KEY:
            raise _Refusal(401, [(20, "Key is not active"), (21, "No permission for this key")])
        if not shop.rights:
            raise _Refusal(401, [(21, "No permission for this authentication key")])
        name = call.path.partition("/api")[2].strip("/")
        if not name:
            if as_json:
                raise _Refusal(500)
            return self._root()
        if name not in shop.tables:
            raise _Refusal(400, [(27, f'Resource of type "{name}" does not exists.')])
        if name not in shop.rights:
            raise _Refusal(401, [(26, f'Resource of type "{name}" is not allowed with this key')])
        if call.method != "GET":
            raise _Refusal(405, [(25, f"Method {call.method} is not allowed for the resource {name}")])
        return self._listing(name, call.params, as_json)

    def _root(self) -> bytes:
        rights = "".join(
            f'<{name} xlink:href="http://shop.example/api/{name}" get="true" put="false"><description '
            f'get="true">x</description></{name}>'
            for name in sorted(self.shop.rights)
        )
        return _document(f'<api shopName="Test">{rights}</api>')

    def _listing(self, name: str, params: dict[str, str], as_json: bool) -> bytes:
        cache = (name, tuple(sorted(params.items())), as_json, self.shop.revision)
        if cache not in self._pages:
            records = self._limited(self._sorted(self._filtered(name, params), params), params)
            if self.shop.memory and len(records) > self.shop.memory:
                raise _Refusal(500)
            shown = self._shown(name, records, params.get("display", ""))
            self._pages[cache] = self._written(name, shown, as_json)
        return self._pages[cache]

    def _filtered(self, name: str, params: dict[str, str]) -> list[dict]:
        rows, by_id = self.shop.rows(name)
        # The narrowest first, by its index, as a database would.
        for key, wanted in sorted(params.items(), key=lambda one: "|" not in one[1]):
            found = re.fullmatch(r"filter\[(\w+)\]", key)
            if not found or self.shop.ignores_filters:
                continue
            column = found.group(1)
            if column in ("date_add", "date_upd"):
                if params.get("date") != "1":
                    raise _Refusal(400, [(32, "This filter does not exist.")])
                if name not in _DATED and column == "date_upd":
                    raise _Refusal(500)
            elif rows and column not in rows[0]:
                raise _Refusal(400, [(32, "This filter does not exist.")])
            if column == "id" and len(rows) == len(by_id):
                rows = _by_id(rows, by_id, wanted)
            elif column in INDEXED and len(rows) == len(by_id) and re.fullmatch(r"\[[^,]+\]", wanted):
                rows = self.shop.among(name, column, wanted[1:-1].split("|"))
            else:
                fits = _test(wanted)
                rows = [row for row in rows if fits(row.get(column))]
        return rows

    def _sorted(self, rows: list[dict], params: dict[str, str]) -> list[dict]:
        sort = re.fullmatch(r"\[(\w+)_(ASC|DESC)\]", params.get("sort", ""))
        if self.shop.ignores_sort or not sort:
            return rows[::-1] if self.shop.ignores_sort else rows
        column, direction = sort.groups()
        if column == "date_upd" and params.get("date") != "1":
            raise _Refusal(400, [(38, "Unable to filter by this field.")])
        if column == "id" and direction == "ASC":
            return rows
        return sorted(rows, key=lambda row: row[column], reverse=direction == "DESC")

    def _limited(self, rows: list[dict], params: dict[str, str]) -> list[dict]:
        limit = params.get("limit")
        if limit is None:
            return rows
        if not limit.isdigit():
            if limit.startswith("-"):
                raise _Refusal(500)
            return []
        most = min(int(limit), self.shop.row_cap or int(limit))
        return rows[:most]

    def _shown(self, name: str, rows: list[dict], display: str) -> list[dict]:
        if display == "full":
            return [self._typed(row) for row in rows]
        wanted, inner = _fields(display or "[id]")
        known = set(rows[0]) if rows else set()
        for one in wanted:
            if rows and one not in known:
                raise _Refusal(400, [(35, f'Unable to display this field "{one}". However, these are …')])
        for one in inner:
            if one not in _ROWS.get(name, ()) or one in self.shop.lacks:
                raise _Refusal(400, [(35, f'Unable to display this field "{one} (details : array (…))".')])
        return [self._typed(_part(row, wanted, inner)) for row in rows]

    def _typed(self, row: dict) -> dict:
        """Values as this shop's PHP writes them."""
        plain = {}
        for key, value in row.items():
            if key in self.shop.lacks:
                continue
            if key in ("name", "product_option") and isinstance(value, dict):
                plain[key] = self._translated(value)
            elif key == "associations":
                if value:
                    plain[key] = {
                        name: [{k: self._number(v) for k, v in one.items()} for one in rows]
                        for name, rows in value.items()
                    }
            else:
                plain[key] = value if key == "id" else self._number(value)
        return plain

    def _number(self, value: Any) -> Any:
        return str(value) if self.shop.php_strings and type(value) is int else value

    def _translated(self, value: dict) -> Any:
        if len(self.shop.languages) == 1:
            return value["1"]
        return [{"id": int(one), "value": value[one]} for one in self.shop.languages]

    def _written(self, name: str, rows: list[dict], as_json: bool) -> bytes:
        listed = _LISTED.get(name, name)
        if as_json:
            return _json({listed: rows}) if rows else b"[]"
        one = _ONE.get(name, name.rstrip("s"))
        inner = "".join(f"<{one}>{''.join(_element(k, v) for k, v in row.items())}</{one}>" for row in rows)
        return _document(f"<{listed}>{inner}</{listed}>")


def webservice(shop: PrestaShop) -> _Webservice:
    """The app of a shop's webservice."""
    return _Webservice(shop)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/").encode()


def _document(inner: str) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<prestashop xmlns:xlink="http://www.w3.org/1999/xlink">\n'
    return f"{head}{inner}\n</prestashop>\n".encode()


def _element(name: str, value: Any) -> str:
    if name == "associations":
        inner = "".join(
            f'<{rows} nodeType="x">'
            + "".join(f"<x>{''.join(_element(k, v) for k, v in one.items())}</x>" for one in values)
            + f"</{rows}>"
            for rows, values in value.items()
        )
        return f"<associations>{inner}</associations>"
    if isinstance(value, list):
        inner = "".join(f'<language id="{v["id"]}">{_text(v["value"])}</language>' for v in value)
        return f"<{name}>{inner}</{name}>"
    link = ' xlink:href="http://shop.example/api/x/1"' if name.startswith("id_") else ""
    return f"<{name}{link}>{_text(value)}</{name}>"


def _text(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"<![CDATA[{text}]]>" if "]]>" not in text else escape(text)


def _fields(display: str) -> tuple[list[str], dict[str, list[str]]]:
    inner = {name: rest.split(",") for name, rest in re.findall(r"(\w+)\[([\w,]+)\]", display[1:-1])}
    plain = re.sub(r"\w+\[[\w,]+\]", "", display[1:-1])
    return [name for name in plain.split(",") if name], inner


def _part(row: dict, wanted: list[str], inner: dict[str, list[str]]) -> dict:
    keep = set(wanted)
    # The shop writes fields in its own order, whatever the order asked for.
    part = {key: value for key, value in row.items() if key in keep}
    associations = row.get("associations") or {}
    rows = {
        name: [{key: one[key] for key in keys if key in one} for one in associations[name]]
        for name, keys in inner.items()
        if associations.get(name)
    }
    if rows:
        part["associations"] = rows
    return part


def _by_id(rows: list[dict], by_id: list[int], wanted: str) -> list[dict]:
    between = _RANGE.fullmatch(wanted)
    if between:
        low, high = (int(end) for end in between.groups())
        return rows[bisect_left(by_id, low) : bisect_right(by_id, high)]
    above = re.fullmatch(r">\[(\d+)\]", wanted)
    if above:
        return rows[bisect_right(by_id, int(above.group(1))) :]
    fits = _test(wanted)
    return [row for row in rows if fits(row["id"])]


def _test(wanted: str) -> Callable[[Any], bool]:
    """What a filter lets through: numbers are compared as numbers, all else as text."""
    if not wanted:
        raise _Refusal(400, [(33, "The filter is malformed.")])
    between = _RANGE.fullmatch(wanted)
    if between:
        low, high = between.groups()
        if low.isdigit() and high.isdigit():
            first, last = int(low), int(high)
            return lambda value: first <= int(value or 0) <= last
        return lambda value: low <= str(value) <= high
    sign = re.fullmatch(r"([<>])\[([^\]]+)\]", wanted)
    if sign:
        end = sign.group(2)
        if sign.group(1) == ">":
            return lambda value: value > int(end) if isinstance(value, int) else str(value) > end
        return lambda value: value < int(end) if isinstance(value, int) else str(value) < end
    among = re.fullmatch(r"\[([^\]]*)\]", wanted)
    if among:
        allowed = set(among.group(1).split("|"))
        return lambda value: str(value) in allowed
    return lambda _: True  # such as ">=[5]": ignored, without a word

"""One Shopify shop: its token, its budget of points, its bulk operations."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from echannel.connectors.base import SourceContext
from echannel.connectors.failures import SourceError
from echannel.connectors.http import Answer, Api, Limits, Request
from echannel.connectors.rest import TRANSPORT, Record, secret
from echannel.connectors.shopify import queries

VERSION = "2026-10"
_BULK_SIZE = 2_000_000_000
"""Bytes of one result of a bulk operation."""
_TOGETHER = 20
NO_BULK = "shopify.error.bulk"
_DENIED = "shopify.error.denied"
_TOO_DEAR = "MAX_COST_EXCEEDED"


class Service:
    """Asks one shop by GraphQL, as fast as its bucket of points fills again."""

    def __init__(
        self, address: str, options: Mapping[str, Any], context: SourceContext, limits: Limits
    ) -> None:
        self.options, self.context, self.limits = options, context, limits
        self.address = address if "://" in address else f"https://{address}"
        self.path = f"admin/api/{options.get('version') or VERSION}/graphql.json"
        self._sleep = limits.sleep or time.sleep
        self._made: Api | None = None
        self.now = datetime.now(UTC)
        self.version = ""

    @property
    def api(self) -> Api:
        """The shop's server; on first use, an app's id and secret are exchanged for a token of 24 hours."""
        if self._made is None:
            token = self._token()
            headers = {"X-Shopify-Access-Token": token}
            self._made = Api(
                self.address,
                self.context,
                headers=headers,
                options=self.options,
                limits=self.limits,
                explain=explain,
            )
        return self._made

    def _token(self) -> SecretStr:
        if "client_id" not in self.context.secrets:
            return secret(self.context, "token")
        form = {
            "grant_type": "client_credentials",
            "client_id": secret(self.context, "client_id").get_secret_value(),
            "client_secret": secret(self.context, "client_secret").get_secret_value(),
        }
        api = Api(self.address, self.context, options=self.options, limits=self.limits, explain=_no_token)
        answer = api.send(Request("admin/oauth/access_token", method="POST", form=form))
        content = answer.json()
        token = content.get("access_token") if isinstance(content, dict) else None
        if not token:
            raise SourceError("unauthorised", "shopify.error.client", host=api.host)
        return SecretStr(str(token))

    def ask(self, query: str, **variables: Any) -> Record:
        """The data that a query gives; when the bucket is empty, it is asked again once it has filled.

        Raises
        ------
        SourceError
            What the shop refuses: ``forbidden`` where the app has no right to a field.
        """
        waited = 0.0
        while True:
            answer = self.api.post(self.path, {"query": query, "variables": variables})
            self.now = answer.server_time or self.now
            self.version = str(answer.headers.get("X-Shopify-API-Version", ""))
            content = answer.json()
            if not isinstance(content, dict):
                raise answer.failure("not_json", "connect.error.not_json")
            codes = _codes(content)
            if "THROTTLED" not in codes:
                break
            wait = _until_filled(content)
            waited += wait
            if waited > self.limits.patience:
                raise answer.failure("rate")
            self._sleep(wait)
        if "ACCESS_DENIED" in codes:
            raise answer.failure("forbidden", _DENIED, field=_denied(content))
        if codes or not isinstance(content.get("data"), dict):
            problem = answer.failure("request", "shopify.error.query", code=", ".join(codes) or "–")
            raise problem
        return content["data"]

    def pages(self, query: str, name: str, first: int, **variables: Any) -> Iterator[list[Record]]:
        """The pages of a connection, by its own cursors; a page that costs too many points is halved."""
        after = None
        while True:
            try:
                found = self.ask(query, **variables, first=first, after=after)[name]
            except SourceError as failure:
                if failure.values.get("code") != _TOO_DEAR or first == 1:
                    raise
                first //= 2
                continue
            yield found["nodes"]
            if not found["pageInfo"]["hasNextPage"]:
                return
            after = found["pageInfo"]["endCursor"]

    def lines(self, order: Record) -> list[Record]:
        """All lines of an order that was read by page."""
        found, info = list(order["lineItems"]["nodes"]), order["lineItems"]["pageInfo"]
        while info["hasNextPage"]:
            more = self.ask(queries.MORE_LINES, id=order["id"], after=info["endCursor"])["node"]["lineItems"]
            found, info = found + more["nodes"], more["pageInfo"]
        return found

    def refunds(self, orders: list[Record]) -> dict[str, Record]:
        """The refunds of some orders, by id."""
        wanted = [refund["id"] for order in orders for refund in order.get("refunds") or []]
        found: dict[str, Record] = {}
        for start in range(0, len(wanted), _TOGETHER):
            rows = self.ask(queries.REFUNDS, ids=wanted[start : start + _TOGETHER])["nodes"]
            found |= {row["id"]: row for row in rows if row}
        return found

    def start(self, query: str) -> str:
        """Start a bulk operation, once there is room for one: its id."""
        waited = 0.0
        while True:
            made = self.ask(queries.RUN_BULK, bulk=query)["bulkOperationRunQuery"]
            if made["bulkOperation"]:
                return made["bulkOperation"]["id"]
            busy = any("in progress" in str(one.get("message")) for one in made["userErrors"])
            if not busy or waited > self.limits.patience:
                raise SourceError("request", NO_BULK, host=self.api.host, code="–")
            waited += self._pause(waited)

    def result(self, operation: str) -> list[Record] | None:
        """The records of a bulk operation, each with what hangs on it; None: its file is gone or it failed
        for good."""
        waited = 0.0
        while True:
            state = self.ask(queries.BULK_STATE, id=operation)["node"]
            status = (state or {}).get("status")
            if status == "COMPLETED":
                return self._records(state["url"])
            if status not in ("CREATED", "RUNNING"):
                return None
            waited += self._pause(waited)

    def bulk(self, query: str) -> list[Record]:
        """All records of a bulk query."""
        records = self.result(self.start(query))
        if records is None:
            raise SourceError("request", NO_BULK, host=self.api.host, code="FAILED")
        return records

    def _pause(self, waited: float) -> float:
        """Wait, longer each time; how long."""
        wait = min(max(self.limits.backoff, waited / 4), self.limits.longest_wait)
        self._sleep(wait)
        return wait

    def _records(self, url: str | None) -> list[Record]:
        """The JSONL file of a bulk operation: on another host, asked without the token."""
        if not url:
            return []
        parts = urlsplit(url)
        options = {name: self.options[name] for name in TRANSPORT & set(self.options)}
        limits = replace(self.limits, size=_BULK_SIZE)
        store = Api(f"{parts.scheme}://{parts.netloc}", self.context, options=options, limits=limits)
        answer = store.get(url)
        try:
            rows = [json.loads(line) for line in answer.text.splitlines() if line.strip()]
        except ValueError:
            rows = None
        if rows is None:
            raise answer.failure("not_json", "connect.error.not_json")
        return _nested(rows)


def _nested(rows: list[Record]) -> list[Record]:
    """Records with their children, by kind: rows below others name them as ``__parentId``, or an object of
    theirs (a variant's stock item)."""
    known = {row["id"]: row for row in rows if "id" in row}
    for row in rows:
        for inner in row.values():
            if isinstance(inner, dict) and "id" in inner:
                known.setdefault(inner["id"], row)
    tops = []
    for row in rows:
        parent = row.get("__parentId")
        if parent is None:
            tops.append(row)
        elif parent in known:
            kind = str(row["id"]).split("/")[3]
            known[parent].setdefault("_children", {}).setdefault(kind, []).append(row)
    return tops


def children(record: Record, kind: str) -> list[Record]:
    """What hangs on a record of a bulk operation: ``LineItem``, ``ShippingLine``, ``InventoryLevel``."""
    return record.get("_children", {}).get(kind, [])


def _codes(content: Record) -> list[str]:
    errors = content.get("errors")
    if not errors:
        return []
    rows = errors if isinstance(errors, list) else [{}]
    return [str((one.get("extensions") or {}).get("code") or "ERROR") for one in rows]


def _denied(content: Record) -> str:
    paths = [one.get("path") or [] for one in content["errors"]]
    return ", ".join(sorted({str(path[0]) for path in paths if path})) or "–"


def _until_filled(content: Record) -> float:
    """Seconds until the bucket holds what the query costs."""
    cost = (content.get("extensions") or {}).get("cost") or {}
    state = cost.get("throttleStatus") or {}
    missing = float(cost.get("requestedQueryCost") or 0) - float(state.get("currentlyAvailable") or 0)
    return max(0.1, missing / float(state.get("restoreRate") or 50))


def explain(answer: Answer) -> SourceError | None:
    """What a status means here."""
    if answer.status in (401, 403):
        return answer.failure("unauthorised", "shopify.error.token")
    if answer.status == 404:
        return answer.failure("not_found", "shopify.error.no_shop")
    if answer.status in (402, 423):
        return answer.failure("request", "shopify.error.closed")
    return None


def _no_token(answer: Answer) -> SourceError | None:
    if answer.status in (400, 401, 403):
        return answer.failure("unauthorised", "shopify.error.client")
    return explain(answer)

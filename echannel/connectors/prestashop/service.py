"""The webservice, asked so that an answer can be trusted: named fields, a fixed order, nothing skipped.

The webservice ignores what it does not understand and answers ``[]`` with a good status to many a bad
request. So every request names its fields and its order, every page is checked against what was asked,
and an empty answer where there must be rows is an error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from echannel.connectors.base import SourceContext
from echannel.connectors.http import Answer, Api, Limits, SourceError
from echannel.connectors.prestashop import parsing
from echannel.connectors.prestashop.parsing import Record, UnreadableError
from echannel.connectors.prestashop.refusals import explain
from echannel.connectors.prestashop.resources import Resource
from echannel.errors import UserError

PAGE = 500
SMALLEST_PAGE = 8
_SURELY_SHORT = 25
"""No host hands out so few rows a page: a shorter page is the last one."""
_MANY_PAGES, _MANY_PARTS, _BLOCKS = 20, 200, 64
IDS_AT_ONCE = 100
"""Some servers take no address longer than about 2,000 characters."""


@dataclass(frozen=True)
class Stretch:
    """Some records of a resource: ids above ``after`` up to ``upto``; ``field`` between two values, or one of
    ``among``; changed within ``changed`` (wall times, both included)."""

    after: int = 0
    upto: int | None = None
    field: str = ""
    between: tuple[int, int] | None = None
    among: tuple[Any, ...] = ()
    changed: tuple[str, str] | None = None

    def filters(self, last: int) -> dict[str, str]:
        """As the webservice wants it. ``[a,b]`` holds both ends; ``>=`` would be ignored in silence."""
        asked = {"filter[id]": f">[{last}]" if self.upto is None else f"[{last + 1},{self.upto}]"}
        if self.between is not None:
            asked[f"filter[{self.field}]"] = "[{},{}]".format(*self.between)
        if self.among:
            asked[f"filter[{self.field}]"] = f"[{'|'.join(map(str, self.among))}]"
        if self.changed is not None:
            asked |= {"filter[date_upd]": "[{},{}]".format(*self.changed), "date": "1"}
        return asked

    def obeyed(self, records: list[Record], last: int, limit: int) -> bool:
        """Whether an answer holds what was asked for, in the order that was asked for."""
        ids = [int(record.get("id") or 0) for record in records]
        fine = len(ids) <= limit and all(a < b for a, b in zip([last, *ids], ids, strict=False))
        if self.upto is not None and ids:
            fine &= ids[-1] <= self.upto
        if self.between is not None:
            low, high = self.between
            fine &= all(low <= int(record.get(self.field) or 0) <= high for record in records)
        if self.among:
            # The shop's database does not tell small letters from capitals.
            wanted = {str(value).casefold() for value in self.among}
            fine &= all(str(record.get(self.field)).casefold() in wanted for record in records)
        if self.changed is not None:
            since, until = self.changed
            fine &= all(since <= str(record.get("date_upd")) <= until for record in records)
        return fine


class Service:
    """One shop's webservice."""

    def __init__(self, options: Mapping[str, Any], context: SourceContext, limits: Limits) -> None:
        address = str(options.get("address") or "").strip().rstrip("/")
        key = context.secrets.get("key")
        if not address:
            raise UserError("prestashop.error.no_address", source=context.source_id)
        if key is None:
            raise UserError("prestashop.error.no_key", source=context.source_id)
        plain = key.get_secret_value().strip()
        in_address = bool(options.get("key_in_address"))
        self.api = Api(
            address.removesuffix("/api") + "/api",
            context,
            auth=None if in_address else (SecretStr(plain), ""),
            query={"ws_key": SecretStr(plain)} if in_address else None,
            options=options,
            limits=limits,
            explain=explain,
            whole=is_whole,
        )
        self._shop = {"id_shop": str(options["shop"])} if options.get("shop") else {}
        self._sizes: dict[str, int] = {}
        self._unknown: dict[str, frozenset[str]] = {}
        self._fullest = 0
        self.version = ""
        self.read = 0

    def root(self) -> tuple[dict[str, bool], datetime]:
        """The resources that this shop lists for the key, and whether it may read each; the server's time.

        Asked for as XML: as JSON, shops on PHP 8 answer this one address with an empty 500.
        """
        answer = self._get("", {})
        try:
            tree = parsing.tree_of(answer.content)
            (api,) = [child for child in tree[3] if child[0] == "api"] or [tree]
        except (UnreadableError, IndexError):
            raise _unreadable(answer) from None
        self.version = str(answer.headers.get("PSWS-Version") or "")
        may = {name: attributes.get("get") == "true" for name, attributes, _, _ in api[3]}
        return may, answer.server_time or datetime.now(UTC)

    def page(self, resource: Resource, part: Stretch, last: int) -> tuple[list[Record], int]:
        """The next records of a stretch after the id ``last``, and how many were asked for.

        A page that is too much for the shop's memory (an empty 500) is asked for again in halves.
        """
        while True:
            size = self._sizes.get(resource.name, PAGE)
            asked = {**part.filters(last), "sort": "[id_ASC]", "limit": str(size)}
            try:
                records = self.records(resource, asked)
            except SourceError as failure:
                if failure.key != "prestashop.error.empty_500" or size // 2 < SMALLEST_PAGE:
                    raise
                self._sizes[resource.name] = min(size // 2, self._sizes.get(resource.name, PAGE))
                continue
            if not part.obeyed(records, last, size):
                raise self._disobeyed(resource)
            return records, size

    def stretch(self, resource: Resource, part: Stretch) -> list[Record]:
        """All records of a stretch.

        A page that is not full is taken for the last one only where the shop was seen to fill a page of
        that size: some hosts hand out fewer rows than they were asked for.
        """
        found: list[Record] = []
        last = part.after
        while True:
            records, size = self.page(resource, part, last)
            found += records
            if not records:
                return found
            last = int(records[-1]["id"])
            self._fullest = max(self._fullest, len(records))
            ended = len(records) < size and (len(records) < _SURELY_SHORT or self._fullest >= size)
            if ended or (part.upto is not None and last >= part.upto):
                return found

    def whole(self, resource: Resource) -> list[Record]:
        """All records of a resource; where there are many, several stretches of ids at once."""
        found, size = self.page(resource, Stretch(), 0)
        if not found:
            return found
        if len(found) < size:
            last = int(found[-1]["id"])
            return found if len(found) < _SURELY_SHORT else found + self.stretch(resource, Stretch(last))
        self._fullest = max(self._fullest, size)
        first, last = int(found[0]["id"]), int(found[-1]["id"])
        parts = self._cut(resource, last + 1, self._end(resource, "DESC"), last - first + 1)
        for records in self.api.map(lambda part: self.stretch(resource, part), parts):
            found += records
        return found

    def parts(self, resource: Resource, after: int = 0) -> list[Stretch]:
        """A resource cut into stretches of ids of about a page each, from its lowest id to its highest.

        Where ids have many gaps, stretches are as wide as the first page was.
        """
        low, high = self._end(resource, "ASC"), self._end(resource, "DESC")
        if high < low:
            raise self._disobeyed(resource)
        low, step = max(low, after + 1), PAGE
        if high == 0 or low > high:
            return []
        if high - low >= _MANY_PAGES * PAGE:
            first, size = self.page(resource, Stretch(low - 1), low - 1)
            step = max(step, int(first[-1]["id"]) - low + 1) if len(first) == size else high - low + 1
        return self._cut(resource, low, high, step)

    def _cut(self, resource: Resource, low: int, high: int, step: int) -> list[Stretch]:
        """Stretches of ``step`` ids; wide ranges without ids are left out (some shops set counters on)."""
        if (high - low) // step < _MANY_PARTS:
            starts = range(low, high + 1, step)
            return [Stretch(start - 1, min(start + step - 1, high)) for start in starts]
        width = -(-(high - low + 1) // _BLOCKS)
        blocks = [(start, min(start + width - 1, high)) for start in range(low, high + 1, width)]
        firsts = self.api.map(lambda block: self._first(resource, *block), blocks)
        found = [(first, end) for first, (_, end) in zip(firsts, blocks, strict=True) if first]
        return [part for first, end in found for part in self._cut(resource, first, end, step)]

    def _first(self, resource: Resource, low: int, high: int) -> int:
        """The lowest id of a range; 0 where there is none."""
        asked = {"filter[id]": f"[{low},{high}]", "sort": "[id_ASC]", "limit": "1"}
        return next((int(record["id"]) for record in self.records(resource, asked, "[id]")), 0)

    def changed(self, resource: Resource, since: str, until: str) -> list[Record]:
        """Records changed between two wall times. Nothing changed is believed only after the newest
        record was seen to be older."""
        found = self.stretch(resource, Stretch(changed=(since, until)))
        if not found:
            newest = self.records(
                resource, {"sort": "[date_upd_DESC]", "date": "1", "limit": "1"}, "[id,date_upd]"
            )
            if any(since <= str(record.get("date_upd")) <= until for record in newest):
                raise self._disobeyed(resource)
        return found

    def among(self, resource: Resource, field: str, values: Collection[Any]) -> list[Record]:
        """Records whose field has one of some values (of ids: above 0)."""
        wanted = sorted({value for value in values if value not in (0, None, "")})
        chunks = [tuple(wanted[i : i + IDS_AT_ONCE]) for i in range(0, len(wanted), IDS_AT_ONCE)]

        def read(chunk: tuple[Any, ...]) -> list[Record]:
            if field == "id":
                return self._by_id(resource, chunk)
            return self.stretch(resource, Stretch(field=field, among=chunk))

        return [record for records in self.api.map(read, chunks) for record in records]

    def _by_id(self, resource: Resource, chunk: tuple[int, ...]) -> list[Record]:
        part = Stretch(field="id", among=chunk)
        records = self.records(
            resource, {"filter[id]": f"[{'|'.join(map(str, chunk))}]", "sort": "[id_ASC]", "limit": str(PAGE)}
        )
        if not part.obeyed(records, 0, PAGE):
            raise self._disobeyed(resource)
        return records

    def records(self, resource: Resource, asked: Mapping[str, str], display: str = "") -> list[Record]:
        """The records of one answer."""
        while True:
            unknown = self._unknown.get(resource.name, frozenset())
            params = {"output_format": "JSON", "display": display or resource.display(unknown), **asked}
            try:
                return self._read(self._get(resource.name, params))
            except SourceError as failure:
                lacking = str(failure.values.get("field", ""))
                if lacking not in resource.optional or lacking in unknown:
                    raise
                self._unknown[resource.name] = unknown | {lacking}

    def _get(self, path: str, params: Mapping[str, str]) -> Answer:
        try:
            return self.api.get(path, {**params, **self._shop}, headers={"Accept": "*/*"})
        except SourceError as failure:
            if failure.kind == "redirect" and failure.key != "connect.error.use_https":
                told = SourceError("redirect", "prestashop.error.wrong_address", host=self.api.host)
                raise told.about(failure.status or 302) from None
            raise

    def _read(self, answer: Answer) -> list[Record]:
        try:
            content = parsing.content_of(answer.content)
            errors = parsing.errors_of(content)
            if errors:
                raise answer.failure("request", "prestashop.error.request", code=str(min(errors)))
            records = parsing.records_of(content)
        except UnreadableError:
            raise _unreadable(answer) from None
        self.read += len(records)
        return records

    def _end(self, resource: Resource, direction: str) -> int:
        records = self.records(resource, {"sort": f"[id_{direction}]", "limit": "1"}, "[id]")
        return int(records[0].get("id") or 0) if records else 0

    def _disobeyed(self, resource: Resource) -> SourceError:
        return SourceError(
            "request", "prestashop.error.disobeyed", host=self.api.host, resource=resource.name
        )


def is_whole(answer: Answer) -> bool:
    """Whether the body is the one whose checksum the shop sends along (``Content-Sha1``)."""
    stated = (answer.headers.get("Content-Sha1") or "").strip().lower()
    return not stated or stated == hashlib.sha1(answer.content, usedforsecurity=False).hexdigest()


def _unreadable(answer: Answer) -> SourceError:
    page = answer.content.lstrip()[:1] == b"<"
    empty = not answer.content.strip()
    key = "prestashop.error.page" if page else "prestashop.error.empty" if empty else "connect.error.not_json"
    return answer.failure("not_json", key)

"""Just enough GraphQL for a fake server: a query's selection as a tree, and records cut down to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\.\.\.|[A-Za-z_][A-Za-z0-9_]*|-?\d+|[{}()\[\]:,$!]')


class QueryError(Exception):
    """What the server says of a query; ``code`` as in its ``extensions``."""

    def __init__(self, message: str, code: str = "", path: str = "") -> None:
        super().__init__(message)
        self.code, self.path = code, path


@dataclass
class Field:
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    selection: list[Field] = field(default_factory=list)

    def of(self, name: str) -> Field | None:
        return next((one for one in self.selection if one.name == name), None)


class _Parser:
    def __init__(self, text: str, variables: dict[str, Any]) -> None:
        self.tokens, self.at, self.variables = _TOKEN.findall(text), 0, variables

    def take(self, wanted: str = "") -> str:
        token = self.tokens[self.at] if self.at < len(self.tokens) else ""
        if wanted and token != wanted:
            raise QueryError(f"syntax error, unexpected {token!r}, expecting {wanted!r}")
        self.at += 1
        return token

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def document(self) -> list[Field]:
        if self.peek() in ("query", "mutation"):
            self.take()
            if self.peek() == "(":
                while self.take() != ")":
                    pass
        found = self.selection()
        if self.peek():
            raise QueryError(f"syntax error, unexpected {self.peek()!r}")
        return found

    def selection(self) -> list[Field]:
        self.take("{")
        found: list[Field] = []
        while self.peek() != "}":
            name = self.take()
            if name == "...":
                self.take("on")
                self.take()
                found += self.selection()
                continue
            one = Field(name)
            if self.peek() == "(":
                self.take()
                while self.peek() != ")":
                    key = self.take()
                    self.take(":")
                    one.arguments[key] = self.value()
                    if self.peek() == ",":
                        self.take()
                self.take(")")
            if self.peek() == "{":
                one.selection = self.selection()
            found.append(one)
        self.take("}")
        return found

    def value(self) -> Any:
        token = self.take()
        if token == "$":
            return self.variables.get(self.take())
        if token == "[":
            rows = []
            while self.peek() != "]":
                rows.append(self.value())
                if self.peek() == ",":
                    self.take()
            self.take("]")
            return rows
        if token.startswith('"'):
            return token[1:-1]
        return int(token) if token.lstrip("-").isdigit() else token


def parsed(query: str, variables: dict[str, Any] | None = None) -> list[Field]:
    """The top fields of a query."""
    return _Parser(query, variables or {}).document()


def connection(asked: Field, rows: list[dict], shown: Any) -> dict[str, Any]:
    """Some rows as a connection: ``first`` after a cursor, which is a place."""
    start = int(asked.arguments.get("after") or 0)
    end = start + int(asked.arguments.get("first") or len(rows))
    page = [shown(row) for row in rows[start:end]]
    told: dict[str, Any] = {}
    if asked.of("nodes"):
        told["nodes"] = page
    if asked.of("edges"):
        told["edges"] = [{"node": one} for one in page]
    if asked.of("pageInfo"):
        told["pageInfo"] = {"hasNextPage": end < len(rows), "endCursor": str(end)}
    return told


def inner(asked: Field) -> list[Field]:
    """What is asked of each row of a connection."""
    nodes, edges = asked.of("nodes"), asked.of("edges")
    if nodes:
        return nodes.selection
    node = edges.of("node") if edges else None
    return node.selection if node else []


def projected(record: dict[str, Any], selection: list[Field]) -> dict[str, Any]:
    """A record cut down to a selection; a field that there is not is an error, as it is there."""
    told = {}
    for one in selection:
        if one.name not in record:
            raise QueryError(f"Field '{one.name}' doesn't exist on type", "undefinedField", one.name)
        value = record[one.name]
        if isinstance(value, list) and one.selection and (one.of("nodes") or one.of("edges")):
            fields = inner(one)
            told[one.name] = connection(one, value, lambda row, fields=fields: projected(row, fields))
        elif isinstance(value, list) and one.selection:
            told[one.name] = [projected(row, one.selection) for row in value]
        elif isinstance(value, dict):
            told[one.name] = projected(value, one.selection)
        else:
            told[one.name] = value
    return told


def cost(selection: list[Field]) -> int:
    """Points: one per object but for amounts, times what a connection asks for."""
    total = 0
    for one in selection:
        if one.selection and not one.name.endswith(("Set", "Money")):
            total += 1 + int(one.arguments.get("first") or 1) * cost(inner(one) or one.selection)
    return total


def flattened(rows: list[dict], selection: list[Field]) -> list[dict]:
    """A bulk operation's lines: what hangs on a record comes after it, and names it."""
    lines = []
    for row in rows:
        own = [one for one in selection if not (one.of("edges") and isinstance(row.get(one.name), list))]
        plain, nested = _split(row, own)
        lines.append(plain)
        hanging = [(one, row[one.name]) for one in selection if one not in own] + nested
        for one, inside in hanging:
            lines += [{**projected(child, inner(one)), "__parentId": row["id"]} for child in inside]
    return lines


def _split(row: dict, selection: list[Field]) -> tuple[dict, list[tuple[Field, list[dict]]]]:
    """A record without the connections that its objects have, and those."""
    plain: dict[str, Any] = {}
    nested: list[tuple[Field, list[dict]]] = []
    for one in selection:
        value = row.get(one.name)
        if isinstance(value, list) and any(inner(part) for part in one.selection):
            raise QueryError("Queries that contain a connection field within a list field are not supported.")
        if isinstance(value, dict) and one.selection:
            simple = [part for part in one.selection if not part.of("edges")]
            plain[one.name] = projected(value, simple)
            nested += [(part, value[part.name]) for part in one.selection if part.of("edges")]
        else:
            plain |= projected(row, [one])
    return plain, nested

"""What the catalogues say and what the code asks for: read once, for the tests of the catalogues."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Formatter

from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "echannel"
KEY = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
ASKING_CALLS = {"say", "both", "UserError", "Note", "missing"}
_WORD = r"[^\W\d_](?:[^\W\d_]|['’-])+[,.:;]?"
WORDY = re.compile(rf"{_WORD}(?:\s+{_WORD}){{2,}}")


@dataclass(frozen=True)
class Message:
    """One entry of one catalogue file."""

    area: str
    key: str
    forms: tuple[str, ...]
    plural: bool
    fuzzy: bool

    @property
    def text(self) -> str:
        return " ".join(self.forms)

    @property
    def placeholders(self) -> set[str]:
        return {name for form in self.forms for name in placeholders(form)}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@cache
def entries(language: str) -> tuple[Message, ...]:
    """Every entry of every area, in order, doubles included."""
    found = []
    for path in sorted((PACKAGE / "locale" / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as stream:
            for message in read_po(stream, locale=language, abort_invalid=True):
                if message.id:
                    plural = isinstance(message.id, tuple | list)
                    key = message.id[0] if plural else message.id
                    forms = tuple(message.string) if plural else (message.string,)
                    found.append(Message(path.stem, key, forms, plural, message.fuzzy))
    return tuple(found)


@cache
def catalogue(language: str) -> dict[str, Message]:
    return {message.key: message for message in entries(language)}


@dataclass
class Scan:
    """What some source asks the catalogues for."""

    literals: set[str] = field(default_factory=set)
    families: set[str] = field(default_factory=set)
    asked: dict[str, str] = field(default_factory=dict)
    asked_families: dict[str, str] = field(default_factory=dict)
    wordings: list[tuple[str, str]] = field(default_factory=list)

    def merge(self, other: Scan) -> None:
        self.literals |= other.literals
        self.families |= other.families
        self.asked.update(other.asked)
        self.asked_families.update(other.asked_families)
        self.wordings += other.wordings

    def uses(self, key: str) -> bool:
        parent = key.rpartition(".")[0]  # "wizard.choice" in a list of families: f"{family}.{code}"
        if key in self.literals or ("." in parent and parent in self.literals):
            return True
        return any(re.fullmatch(family, key) for family in self.families)


def python_sources() -> Iterator[tuple[str, str]]:
    """Place and text of every Python source: modules, and the code cells of notebooks."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            if cell["cell_type"] == "code":
                source = "".join(cell["source"])
                yield f"notebooks/{path.name}[{number}]", re.sub(r"^[%!].*$", "pass", source, flags=re.M)


@cache
def scan() -> Scan:
    found = Scan()
    for place, source in python_sources():
        found.merge(scan_python(place, source))
    for pattern in ("**/*.j2", "**/*.html", "**/*.js", "**/*.yml"):
        for path in PACKAGE.glob(pattern):
            text = path.read_text(encoding="utf-8")
            found.literals |= set(KEY.findall(text))
            for key in re.findall(r"""\bsay\(\s*["']([^"']+)["']""", text):
                found.asked[key] = str(path.relative_to(ROOT))
    return found


def template_words(text: str) -> list[str]:
    """Words written into a template: outside expressions, tags, scripts, styles; or in an attribute."""
    bare = re.sub(
        r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->|<(script|style)\b.*?</\1>", " ", text, flags=re.S
    )
    shown = re.findall(r"""\b(?:aria-label|alt|title|placeholder|content)="([^"]*)\"""", bare)
    shown = [one for one in shown if "width=" not in one]
    shown.append(re.sub(r"&\w+;|<[^>]*>", " ", bare))
    return [word for one in shown for word in re.findall(r"[^\W\d_]{3,}", one.replace("E-Channel", ""))]


def scan_python(place: str, source: str) -> Scan:
    found = Scan()
    tree = ast.parse(source)
    quiet = _quiet_nodes(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quiet:
            found.literals.add(node.value)
            if is_wording(node.value):
                found.wordings.append((f"{place}:{node.lineno}", node.value))
        elif isinstance(node, ast.JoinedStr):
            if family := family_of(node):
                found.families.add(family)
        elif isinstance(node, ast.Call):
            _note_asked(found, node, f"{place}:{node.lineno}")
    return found


def family_of(node: ast.JoinedStr) -> str | None:
    """``f"status.{code}"`` asks for every key that begins with ``status.``; the first part may vary where the
    second is a name: ``f"{tool}.card.{name}.title"``."""
    first, *more = node.values
    if isinstance(first, ast.Constant):
        if not re.match(r"[a-z][a-z0-9_]*\.", first.value):
            return None
    elif not (more and isinstance(more[0], ast.Constant) and re.match(r"\.[a-z][a-z0-9_]*\.", more[0].value)):
        return None
    parts = (re.escape(part.value) if isinstance(part, ast.Constant) else ".+" for part in node.values)
    return "".join(parts)


def is_wording(text: str) -> bool:
    """Three words in a row outside markup: something written for a reader."""
    if KEY.fullmatch(text) or re.search(r"[{};]\s*$|^\s*[@.#:]\w|--\w+:|-src '", text):
        return False
    bare = re.sub(r"<[^>]*>?|\{[^}]*\}|\\.", " ", text)
    return bool(WORDY.search(bare))


def _note_asked(found: Scan, call: ast.Call, place: str) -> None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    asked = [call.args[0]] if name in ASKING_CALLS and call.args else []
    asked += [word.value for word in call.keywords if word.arg == "reason"]
    for argument in asked:
        for node in [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and KEY.fullmatch(node.value):
                found.asked[node.value] = place
            elif isinstance(node, ast.JoinedStr) and (family := family_of(node)):
                found.asked_families[family] = place
    if name in {"term", "term_note"} and call.args and isinstance(call.args[0], ast.Constant):
        found.asked[f"{name}.{call.args[0].value}"] = place


def _quiet_nodes(tree: ast.Module) -> set[int]:
    """Docstrings, and what programmers say to programmers: exceptions that are not ``UserError``."""
    quiet: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            quiet |= {
                id(one.value)
                for one in body
                if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
            }
        if isinstance(node, ast.Assert) and node.msg:
            quiet |= {id(inner) for inner in ast.walk(node.msg)}
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            raised = node.exc.func
            if getattr(raised, "id", "") != "UserError":
                quiet |= {id(inner) for inner in ast.walk(node.exc)}
    return quiet

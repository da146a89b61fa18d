"""What is wrong in a file that a person wrote: its file, key, value, and what is allowed there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from echannel.errors import UserError

_PLAIN_TYPES = {
    "string_type": "text",
    "string_too_short": "text",
    "bool_type": "yes_or_no",
    "bool_parsing": "yes_or_no",
    "tuple_type": "list",
    "too_short": "list",
    "dict_type": "section",
    "model_type": "section",
    "int_type": "number",
    "int_parsing": "number",
    "int_from_float": "number",
    "float_type": "number",
    "float_parsing": "number",
    "date_type": "date",
    "date_parsing": "date",
    "date_from_datetime_parsing": "date",
}


def broken_yaml(path: Path, broken: Exception) -> UserError:
    """A file that is not YAML at all: names the line where reading stopped."""
    mark = getattr(broken, "problem_mark", None)
    return UserError("error.profile_yaml", file=path.name, line=mark.line + 1 if mark else 1)


def first_mistake(path: Path, model: type[BaseModel], invalid: ValidationError) -> UserError:
    """The first thing that ``model`` refuses in the file ``path``, as an error for a person."""
    mistake = invalid.errors()[0]
    key = ".".join(_place(mistake["loc"])) or path.stem
    match mistake["type"]:
        case "missing":
            return UserError("error.profile_missing", file=path.name, field=key)
        case "extra_forbidden":
            known = ", ".join(sorted(_section(model, mistake["loc"])))
            return UserError("error.profile_unknown", file=path.name, field=key, known=known or "–")
    return UserError(
        "error.profile_value", file=path.name, field=key, value=_shown(mistake), allowed=_allowed(mistake)
    )


def _place(steps: tuple[int | str, ...]) -> list[str]:
    """The keys that lead to a mistake, as the file has them; where a key itself is wrong, those above it."""
    if steps and steps[-1] == "[key]":
        steps = steps[:-2]
    # Of a choice between two forms the library names the form: "literal['all']", "tuple[str, ...]".
    return [str(step) for step in steps if isinstance(step, int) or "[" not in step]


def _shown(mistake: Any) -> str:
    """The refused value, as far as it may be repeated: what stands in a secret's place may be one."""
    if "not_a_secret_reference" in mistake["msg"] or not isinstance(
        mistake["input"], str | int | float | bool
    ):
        return "…"
    return str(mistake["input"])


def _section(model: type[BaseModel], place: tuple[int | str, ...]) -> set[str]:
    """The keys allowed beside the one at ``place``: those of the section that holds it."""
    for part in place[:-1]:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = _inner_model(field.annotation) if field else None
        if inner is None:
            return set()
        model = inner
    return set(model.model_fields)


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        if inner := _inner_model(part):
            return inner
    return None


def _allowed(mistake: Any) -> UserError:
    """What may stand there instead, as a sentence to be put into words with the rest."""
    match mistake["type"]:
        case "literal_error":
            choices = re.findall(r"'([^']+)'", mistake["ctx"]["expected"])
            return UserError("allowed.one_of", choices=", ".join(choices))
        case "value_error":
            code, _, detail = str(mistake["ctx"]["error"]).partition(" ")
            return UserError(f"allowed.{code}", detail=detail)
        case "string_pattern_mismatch":
            return UserError("allowed.country_code")
        case kind:
            return UserError(f"allowed.{_PLAIN_TYPES.get(kind, 'see_documentation')}")

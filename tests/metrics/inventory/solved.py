"""What stockpyl (Snyder, MIT licence) answers to the textbook's problems, kept in ``stockpyl.json``.

The library asks for Sphinx, which then starts with every Python process: its answers are kept instead.
``python tests/metrics/inventory/solved.py``, where stockpyl is installed, asks for all of them anew.
"""

from __future__ import annotations

import importlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

ANSWERS = Path(__file__).with_name("stockpyl.json")


def solved(function: str, *given: Any, **named: Any) -> Any:
    """The answer of ``stockpyl.<module>.<function>`` to these arguments; a tuple comes as a list."""
    answers = json.loads(ANSWERS.read_text(encoding="utf-8"))["answers"]
    asked = json.loads(json.dumps([given, named]))
    for answer in answers:
        if answer["function"] == function and [answer["given"], answer["named"]] == asked:
            return answer["answer"]
    raise LookupError(f"{function}{given}{named} was never asked: add it to {ANSWERS.name}")


def _ask_anew() -> None:
    kept = json.loads(ANSWERS.read_text(encoding="utf-8"))
    for one in kept["answers"]:
        module, name = one["function"].split(".")
        # JSON has no whole numbers as names.
        named = {
            key: {int(a): b for a, b in value.items()} if isinstance(value, dict) else value
            for key, value in one["named"].items()
        }
        found = getattr(importlib.import_module(f"stockpyl.{module}"), name)(*one["given"], **named)
        one["answer"] = [float(part) for part in found] if isinstance(found, tuple) else float(found)
    kept["stockpyl"] = version("stockpyl")
    lines = ",\n".join(json.dumps(answer) for answer in kept["answers"])
    text = f'{{"stockpyl": "{kept["stockpyl"]}", "answers": [\n{lines}\n]}}\n'
    ANSWERS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _ask_anew()

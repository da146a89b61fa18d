"""What a file seems to be, in words: for the command line and for the notebook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from echannel.connectors.base import Note
from echannel.connectors.files import FileProposal, Question, in_words
from echannel.countries import country_pack
from echannel.locale import Speaker, messages
from echannel.quarantine import field_in_words, note_in_words
from echannel.wizard import IDENTITY
from echannel.workspace import Workspace

_MARKS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space", ".": "point"}
_PREVIEW_COLUMNS = 9


def regimes(workspace: Workspace, country: str, say: Speaker) -> dict[str, str]:
    """The VAT regimes of a country, by name, in the country's own words."""
    pack = country_pack(country, workspace)
    return {
        regime.name: pack.term(f"vat_regime.{regime.name}", say.language) or regime.name
        for regime in pack.vat_regimes
    }


def identity_rows(workspace: Workspace, identity: Mapping[str, Any], say: Speaker) -> list[tuple[str, str]]:
    """Who the SME is: label and value."""
    shown = {
        **identity,
        "country": say.country_name(identity["country"]),
        "languages": say.enumeration([say(f"wizard.language.{code}") for code in identity["languages"]]),
        "orientation": say(f"orientation.{identity['orientation']}"),
        "vat_regime": regimes(workspace, identity["country"], say).get(
            identity["vat_regime"], identity["vat_regime"]
        ),
    }
    return [(say(f"wizard.identity.{name}"), str(shown[name])) for name in IDENTITY]


def facts(found: FileProposal, say: Speaker) -> list[tuple[str, str]]:
    """How a file is written and what it holds: label and value."""
    shown = [(say("wizard.fact.table"), say(f"table.{found.table}") if found.table else "–")]
    if found.preset:
        shown.append((say("wizard.fact.preset"), found.preset))
    if found.encoding:
        shown.append((say("wizard.fact.encoding"), found.encoding))
    if found.separator:
        shown.append((say("wizard.fact.separator"), _mark(found.separator, say)))
    if found.decimal:
        shown.append((say("wizard.fact.decimal"), _mark(found.decimal, say)))
    if found.date_order:
        shown.append((say("wizard.fact.dates"), choice(found.date_order, say)))
    shown.append((say("wizard.fact.rows"), say.number(found.rows)))
    if found.refused:
        shown.append((say("wizard.fact.refused"), say.number(found.refused)))
    return shown


def _mark(mark: str, say: Speaker) -> str:
    return say(f"wizard.mark.{_MARKS[mark]}") if mark in _MARKS else mark


def field_label(name: str, say: Speaker) -> str:
    """A field that a column can stand for, in words."""
    return say.error(in_words(name))


def mapping_rows(found: FileProposal, say: Speaker) -> list[tuple[str, str, str, str]]:
    """Field, header, how sure, and why."""
    return [
        (
            field_label(match.field, say),
            ", ".join(match.headers),
            say.percent(match.score, 0),
            note_in_words(match.reason, say),
        )
        for match in found.fields
    ]


def unused_headers(found: FileProposal) -> list[str]:
    """Columns of the file that stand for nothing."""
    used = {header for match in found.fields for header in match.headers}
    return [header for header in found.headers if header and header not in used]


def refusals(found: FileProposal, say: Speaker) -> list[str]:
    """Why rows would be refused, each reason once with how often, and where it first stands."""
    if found.rejected.empty:
        return []
    said = pd.DataFrame(
        {
            "reason": [
                note_in_words(Note(str(row.reason), _values(str(row.reason_values))), say)
                for row in found.rejected.itertuples()
            ],
            "row": found.rejected["row"].to_numpy(),
            "field": found.rejected["field"].to_numpy(),
        }
    )
    return [
        say(
            "wizard.refused_at",
            n=len(rows),
            reason=reason,
            row=say.number(rows["row"].iloc[0]),
            field=rows["field"].iloc[0] or "–",
        )
        for reason, rows in said.groupby("reason", sort=False)
    ]


def _values(text: str) -> dict[str, object]:
    return json.loads(text or "{}")


def question(asked: Question, say: Speaker) -> str:
    """A question as a sentence."""
    return note_in_words(Note(asked.key, asked.values), say)


def answer(asked: Question, value: str, say: Speaker) -> str:
    """A possible answer in words; rates as percentages."""
    return say.percent(float(value)) if asked.option.endswith("vat_rate") else choice(value, say)


def choice(value: str, say: Speaker) -> str:
    """One of the possible answers, in words where there are some."""
    if value in _MARKS:
        return _mark(value, say)
    for family in ("wizard.choice", "status", "kind", "channel"):
        if f"{family}.{value}" in messages(say.language):
            return say(f"{family}.{value}")
    return value


def preview_columns(frame: pd.DataFrame) -> list[str]:
    """The columns worth a look: filled, and no more than fit beside each other."""
    filled = [name for name in frame.columns if frame[name].notna().any()]
    varied = [name for name in filled if len(set(frame[name].astype(str))) > 1 or len(frame) == 1]
    return (varied or filled)[:_PREVIEW_COLUMNS]


def preview(frame: pd.DataFrame, say: Speaker, timezone: str) -> tuple[list[str], list[list[str]]]:
    """Headers and rows of a preview, as the reader writes numbers; days are those of ``timezone``."""
    columns = preview_columns(frame)
    heads = [field_in_words(name, say) for name in columns]
    rows = [
        [_cell(row[name], name, say, timezone) for name in columns] for _, row in frame[columns].iterrows()
    ]
    return heads, rows


def _cell(value: object, name: str, say: Speaker, timezone: str) -> str:
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return ""
    if isinstance(value, pd.Timestamp):
        return say.day(value.tz_convert(timezone) if value.tzinfo else value)
    if isinstance(value, bool):
        return say("common.yes") if value else say("common.no")
    if name == "vat_rate" and isinstance(value, float):
        return say.percent(value, 1)
    if isinstance(value, int | float):
        return say.number(value, 0 if float(value).is_integer() else 2)
    return choice(str(value), say)

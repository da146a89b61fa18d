"""``echannel feedback``: what readers said of the figures, for those who advise them."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from echannel.locale import Speaker
from echannel.profiles import load_sme, sme_ids
from echannel.register import existing_register, feedback_of
from echannel.register.feedback import KINDS, marked
from echannel.workspace import Workspace

_TEXTS = 3  # of a figure, the newest


def opinions(workspace: Workspace, sme: str, say: Speaker) -> Table | None:
    """The figures that readers of one firm ("": of all) spoke of, the most marked first; None for none."""
    smes = [load_sme(workspace, sme).id] if sme else list(sme_ids(workspace))
    register = existing_register(workspace)
    found = marked(feedback_of(register, smes)) if register else None
    if found is None or not len(found):
        return None
    table = Table(box=None, pad_edge=False)
    table.add_column(say("feedback.cli.figure"))
    for kind in KINDS:
        table.add_column(say(f"feedback.button.{kind}"), justify="right")
    table.add_column(say("feedback.cli.firms"), justify="right")
    table.add_column(say("feedback.cli.said"))
    for row in found.to_dict("records"):
        counts = [say.number(row[kind]) for kind in KINDS]
        written = "\n".join(f"– {text}" for text in row["texts"][:_TEXTS])
        # Text, not markup: what readers wrote is theirs.
        table.add_row(
            Text(figure_name(row["tool"], str(row["card"]), say)),
            *counts,
            say.number(row["firms"]),
            Text(written),
        )
    return table


def figure_name(tool: str, card: str, say: Speaker) -> str:
    """A figure in words, by its tool and its key; the key where it is one that an older version had."""
    name = card.split(".", 1)[-1]
    try:
        return say("feedback.figure", tool=say(f"tool.{tool}.title"), figure=say(f"{tool}.card.{name}.title"))
    except KeyError:
        return card

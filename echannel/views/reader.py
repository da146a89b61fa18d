"""What a dashboard does for its reader beside drawing: the address, files, the other language, feedback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from echannel.errors import UserError
from echannel.views import address
from echannel.views.cards import Card, title
from echannel.views.channel import Answer, Channel
from echannel.views.context import Choice, View
from echannel.views.export import file_name, to_csv, to_xlsx
from echannel.views.feedback import noted
from echannel.views.tables import Table

Html = Callable[[View], str]


class Slot(Protocol):
    """A place on a page, as far as its reader goes."""

    number: int

    @property
    def html(self) -> Html:
        """What writes it."""


class Reader:
    """One dashboard's reader. ``draw`` writes a slot for a view, never raising; ``slots`` are the page's."""

    def __init__(self, tool: str, view: View, slots: list[Any], draw: Callable[[Html, View], str]) -> None:
        self.tool, self.view, self.slots, self.draw = tool, view, slots, draw
        self.cards: set[str] = set()
        self.tables: dict[str, Table] = {}
        self.both = False
        self.in_sight: set[int] = set()  # numbers of the slots on the screen; none: not known
        self.channel = Channel(
            view.say,
            {
                "file": self._file,
                "workbook": self._workbook,
                "other": self._other,
                "feedback": self._feedback,
                "sight": self._sight,
            },
        )

    def note(self, block: object, view: View) -> None:
        """Keeps which cards there are, and the tables behind them for whoever asks for a file."""
        if isinstance(block, Card) and view.say.language == self.view.say.language:
            self.cards.add(block.key)
            if block.table is not None and len(block.table.frame):
                self.tables[block.key] = block.table
            else:
                self.tables.pop(block.key, None)

    def chose(self, choice: Choice) -> None:
        """The page's address follows what its reader chose."""
        self.view = self.view.chosen(choice)
        self.channel.tell("address", query=address.written(choice, self.tool))

    def drawn(self, slot: Slot) -> None:
        """A block was drawn again: where both languages are shown, the other one follows."""
        if self.both:
            self.channel.tell("other", html={str(slot.number): self.draw(slot.html, self._in_other())})

    def _in_other(self) -> View:
        return self.view.in_language(self.view.say.other.language)

    def _other(self, asked: Mapping[str, Any]) -> Answer:
        """Every block in the other language: the same figures, since nothing is computed again."""
        self.both = bool(asked.get("on"))
        view = self._in_other()
        html = {str(slot.number): self.draw(slot.html, view) for slot in self.slots} if self.both else {}
        return {"html": html, "language": view.say.language}, []

    def _sight(self, asked: Mapping[str, Any]) -> Answer:
        """What is on the reader's screen, told before each choice."""
        slots = asked.get("slots")
        self.in_sight = {one for one in slots if isinstance(one, int)} if isinstance(slots, list) else set()
        return {}, []

    def _file(self, asked: Mapping[str, Any]) -> Answer:
        key, csv = str(asked.get("card")), asked.get("as") == "csv"
        if key not in self.tables:
            raise UserError("views.no_table")
        say = self.view.say
        name = file_name(title(key, say)) + (".csv" if csv else ".xlsx")
        return {"name": name}, [to_csv(self.tables[key], say) if csv else to_xlsx(self.tables[key], say)]

    def _workbook(self, _: Mapping[str, Any]) -> Answer:
        if not self.tables:
            raise UserError("views.no_table")
        say = self.view.say
        named = f"{say(f'tool.{self.tool}.title')} {self.view.sme.profile.id}"
        return {"name": f"{file_name(named)}.xlsx"}, [to_xlsx(list(self.tables.values()), say)]

    def _feedback(self, asked: Mapping[str, Any]) -> Answer:
        card = str(asked.get("card"))
        if card not in self.cards:
            raise UserError("feedback.no_card")
        kind, text = str(asked.get("kind")), str(asked.get("text", ""))
        return {"said": noted(self.view, self.tool, card, kind, text)}, []

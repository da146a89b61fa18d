"""A page of cards, the same notebook in three places.

- a report (papermill, nbconvert): plain HTML, drawn by the report's own copy of plotly;
- a dashboard (Voilà): filters on top, every card redrawn when one changes;
- JupyterLab: as the dashboard, with the style and the library put into the notebook's page.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from math import inf
from time import perf_counter
from typing import Any
from urllib.parse import parse_qs

from IPython.display import HTML, display

from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.profiles import load_sme, sme_ids
from echannel.register import open_register
from echannel.register.audit_trail import note_taken
from echannel.register.brokered import remote_register
from echannel.sme import Sme, open_sme
from echannel.views import address, theme
from echannel.views.blocks import (
    Block,
    block_html,
    foot_facts,
    foot_html,
    head_html,
    opening_html,
    panel,
    section_html,
    sources_of,
)
from echannel.views.cards import Card, Download, files_to_page
from echannel.views.context import Choice, View
from echannel.views.drawn import taken
from echannel.views.places import InPage, InWidget, Place, page_is_ours, put_together
from echannel.views.reader import Reader
from echannel.views.report_workbook import Sourced, write_workbook
from echannel.views.tools import tool_named
from echannel.workspace import Workspace, find_workspace

CardFunction = Callable[[View], Block]
FilesFunction = Callable[[View], tuple[Download, ...]]

log = logging.getLogger(__name__)
_NEVER = object()  # drawn for nothing: whatever is chosen, it is drawn
_TOGETHER = 0.05  # seconds for which blocks out of sight are drawn before a new choice is looked for
_REST = 0.4  # seconds without a choice after which what takes a while is drawn


def mode() -> str:
    """Where this notebook runs: ``live`` (Voilà), ``lab`` (JupyterLab), else ``report``."""
    if os.environ.get("SERVER_SOFTWARE", "").startswith("voila"):
        return "live"
    return "lab" if os.environ.get("JPY_SESSION_NAME") else "report"


def open_page(tool: str, sme: str = "", lang: str = "", workspace: Workspace | None = None) -> Page:
    """The page of one tool for one SME, in one language (default: the SME's first).

    In a dashboard the address says which: ``?sme=…&lang=…``; behind a login the server says so
    (``ECHANNEL_SME``) and the address is not asked. What goes wrong is said on the page, in
    the reader's language; a report then fails as well, so that the batch knows.
    """
    where_it_runs = mode()
    query = parse_qs(os.environ.get("QUERY_STRING", "")) if where_it_runs == "live" else {}
    wanted = os.environ.get("ECHANNEL_SME") or query.get("sme", [sme])[-1]
    language = query.get("lang", [lang])[-1]
    words = Speaker(language if language in LANGUAGES else "en")
    if where_it_runs == "lab":
        _show(f"<style>{theme.css()}</style><script>{theme.plotly_js()}</script>")
        _show(f"<script>{theme.figures_js()}</script>")
    try:
        where = workspace or find_workspace()
        if not wanted:
            return _choose(tool, words, where, where_it_runs)
        if language not in (*LANGUAGES, ""):
            raise UserError("error.unknown_language", value=language, known=", ".join(LANGUAGES))
        if not language:
            words = Speaker(load_sme(where, wanted).languages[0])
        opened = open_sme(wanted, where)
        choice = address.read({name: values[-1] for name, values in query.items()}, tool)
        page = Page(tool, opened, opened.speaker(words.language), where_it_runs, choice)
        page.head()
        return page
    except UserError as error:
        _show(panel(words("views.cannot_show"), [words.error(error)]))
        if where_it_runs == "report":
            raise
        return Page(tool, None, words, where_it_runs)


@dataclass(eq=False)
class _Slot:
    """A block of a dashboard: where it stands, what is drawn there, and what that was drawn for."""

    place: Place
    html: Callable[[View], str]
    key: Callable[[View], object] | None = None
    later: bool = False
    drawn_for: object = None
    number: int = 0


class Page:
    """What a notebook shows, cell by cell. Without an SME (an error was shown) every call does nothing."""

    def __init__(
        self, tool: str, sme: Sme | None, say: Speaker, where_it_runs: str, choice: Choice | None = None
    ) -> None:
        self.tool = tool
        self.say = say
        self.mode = where_it_runs
        self.view = View(sme, say, choice, sme.memory, where_it_runs) if sme is not None else None
        self._behind: list[Sourced] = []
        self._slots: list[_Slot] = []
        self._every: list[_Slot] = []
        self.reader = self._reader() if self.view is not None and where_it_runs == "live" else None
        self._followers: list[Callable[[View], None]] = []
        self._waiting: list[asyncio.TimerHandle] = []

    def head(self) -> None:
        """Title, SME, period, data as of; in a dashboard the filters too."""
        if self.view is None:
            return
        if self.reader is not None:
            display(self.reader.channel.widget)
        self._slot(lambda view: head_html(self.tool, view))
        tool = tool_named(self.tool)
        if self.mode != "report" and tool.waits is not None and (words := tool.waits(self.view)):
            _show(
                f'<div class="ec-computing" role="status"><p>{escape(words)}</p><progress></progress></div>'
            )
        controls = tool.controls
        if self.mode != "report" and controls is not None:
            bar = self._bar(controls)
            if bar is not None:
                display(bar)

    def _bar(self, controls: Callable[[View, Callable[[Choice], None]], Any]) -> Any:
        """The filters, as the address has them; as they usually are, where the address names what is not."""
        from traitlets import TraitError

        assert self.view is not None
        try:
            return controls(self.view, self.redraw)
        except (TraitError, ValueError):
            if self.view.choice == Choice():
                raise
            self.redraw(Choice())
            return controls(self.view, self.redraw)

    def _reader(self) -> Reader:
        assert self.view is not None
        return Reader(self.tool, self.view, self._every, self._drawn)

    def opening(self) -> None:
        """Three sentences: what happened, why, what to do next."""
        self._slot(lambda view: taken(("opening", self.tool), view) or opening_html(self.tool, view))

    def section(self, key: str, prints: tuple[str, ...] = ()) -> None:
        """A heading, and a line on what follows; left out where the SME has no use for the section.

        ``prints``: sections that a button beside the heading prints alone (``<tool>.print.button``).
        """
        self._slot(lambda view: section_html(self.tool, key, view, prints))

    def show(self, card: CardFunction) -> None:
        """One card (or row of tiles); nothing where it does not apply to this SME."""
        moves, key = not getattr(card, "steady", False), getattr(card, "moved_by", None)

        def html(view: View) -> str:
            ready = taken(card, view)
            block, drawn = ready or (card(view), None)
            if self.reader is not None:
                self.reader.note(block, view)
            elif isinstance(block, Card) and block.table is not None and len(block.table.frame):
                self._behind.append(Sourced(block, sources_of(block, view)))
            return block_html(block, view) if drawn is None else drawn

        self._slot(html, moves, key, getattr(card, "later", False))

    def control(self, make: Callable[[View, Callable[[], None]], Any]) -> None:
        """Widgets beside the cards, in a dashboard only.

        ``make`` gets the view and a way to have the cards drawn again; it gives an object with ``box`` (what
        is shown) and ``follow(view)`` (told of a choice).
        """
        if self.view is None or self.mode == "report":
            return
        made = make(self.view, lambda: self.redraw(self.view.choice, everything=True) if self.view else None)
        self._followers.append(made.follow)
        display(made.box)

    def offer(self, files: FilesFunction) -> None:
        """Files to take away: links in a report; in a dashboard a button, since making them takes a while."""
        if self.view is None:
            return
        title = self.say(f"{self.tool}.files.title")
        if self.mode == "report":
            self._slot(lambda view: files_to_page(files(view), title))
            return

        def made(view: View) -> str:
            shown = files_to_page(files(view), title)
            if remote_register() and view.sme.workspace:  # behind a login it is noted down who took files
                note_taken(open_register(view.sme.workspace), view.sme.profile.id, self.tool)
            return shown

        self._button(f"{self.tool}.files.make", made)

    def act(self, name: str, do: Callable[[View], str]) -> None:
        """A dashboard's button (``<tool>.act.<name>``) that does something and says what it did."""
        if self.view is None or self.mode == "report":
            return

        def said(view: View) -> str:
            return f'<p class="ec ec-note" role="status">{escape(do(view))}</p>'

        self._button(f"{self.tool}.act.{name}", said)

    def _button(self, words: str, html: Callable[[View], str]) -> None:
        """A button, and below it what pressing it made, which goes with the next choice.

        Cards that are ``moved_by`` what was done are drawn again.
        """
        from ipywidgets import Button, VBox

        made = InWidget()
        button = Button(description=self.say(words), icon="")
        button.add_class("ec-button")

        def pressed(_: object) -> None:
            made.put(self._drawn(html))
            self._draw([slot for slot in self._slots if slot.key is not None])

        button.on_click(pressed)
        self._slots.append(_Slot(made, lambda _: ""))
        display(VBox([button, made.widget]))

    def foot(self) -> None:
        """What the page was made from: period, table versions, package version, date.

        A report's tables go into a workbook here, where one is asked for.
        """
        self._slot(lambda view: foot_html(self.tool, view))
        if self.mode == "report" and self.view is not None:
            named = f"{self.say(f'tool.{self.tool}.title')} – {self.view.sme.profile.name}"
            write_workbook(self._behind, named, foot_facts(self.view), self.say)

    def redraw(self, choice: Choice, everything: bool = False) -> None:
        """Every block that the choice moves, those in sight first; ``everything``: whatever it depends on.

        The others follow one by one, and a choice that comes meanwhile starts anew. Cards marked ``later``
        are drawn once no choice has come for a moment.
        """
        if self.view is None:
            return
        self.view = self.view.chosen(choice)
        if self.reader is not None:
            self.reader.chose(choice)
        if everything:
            for slot in self._slots:
                slot.drawn_for = _NEVER
        for waiting in self._waiting:
            waiting.cancel()
        self._waiting = []
        soon = [slot for slot in self._slots if not slot.later]
        seen = self.reader.in_sight if self.reader is not None else set()
        first = [slot for slot in soon if slot.number in seen or not slot.number] if seen else soon
        for slot in first:
            self._draw([slot])
        for follow in self._followers:
            follow(self.view)
        self._draw_between([slot for slot in soon if slot not in first], 0.0)
        self._draw_between([slot for slot in self._slots if slot.later], _REST)

    def _draw_between(self, slots: list[_Slot], wait: float) -> None:
        """Draws one block after another, a choice coming between; all at once where nothing can wait.

        Those that take little time go to the page together: a message costs as much as a small block.
        """
        if not slots:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._draw(slots)
            return
        at = len(self._waiting)

        def draw(here: int) -> None:
            there = here + self._draw(slots[here:], _TOGETHER)
            if slots[there:]:
                self._waiting[at] = loop.call_later(0.0, draw, there)

        self._waiting.append(loop.call_later(wait, draw, 0))

    def _draw(self, slots: list[_Slot], seconds: float = inf) -> int:
        """Draws these blocks, as many as the time is enough for and one at least; how many."""
        over = perf_counter() + seconds
        drawn: list[tuple[_Slot, str]] = []
        number = 0
        for number, slot in enumerate(slots, 1):  # noqa: B007
            wanted = self._key(slot.key)
            if wanted is None or wanted != slot.drawn_for:
                drawn.append((slot, self._drawn(slot.html)))
                slot.drawn_for = wanted
            if perf_counter() > over:
                break
        put_together((slot.place, html) for slot, html in drawn)
        if self.reader is not None:
            for slot, _ in drawn:
                if slot.number:
                    self.reader.drawn(slot)
        return number

    def _key(self, key: Callable[[View], object] | None) -> object:
        """What a block is drawn for; None where it is always drawn, or where the choice cannot be met."""
        if key is None or self.view is None:
            return None
        try:
            return key(self.view)
        except UserError:
            return None

    def _slot(
        self,
        html: Callable[[View], str],
        moves: bool = True,
        key: Callable[[View], object] | None = None,
        later: bool = False,
    ) -> None:
        if self.view is None:
            return
        drawn = self._drawn(html)
        if self.mode == "report":
            if drawn:
                _show(drawn)
            return
        number = len(self._every) + 1
        place: Place
        if self.reader is not None and page_is_ours():
            place = InPage(drawn, number, self.reader.channel)
        else:
            place = InWidget(drawn, number)
        slot = _Slot(place, html, key, later, self._key(key), number)
        self._every.append(slot)
        if moves:
            self._slots.append(slot)

    def _drawn(self, html: Callable[[View], str], of: View | None = None) -> str:
        view = of or self.view
        assert view is not None
        if self.mode == "report":
            return html(view)
        try:
            return html(view)
        except UserError as error:
            return panel(view.say("views.cannot_show_card"), [view.say.error(error)])
        except Exception:  # one card's fault must not take the dashboard down
            log.exception("card failed")
            return panel(view.say("views.cannot_show_card"), [view.say("views.card_failed")])


def _choose(tool: str, say: Speaker, workspace: Workspace, where_it_runs: str) -> Page:
    """No SME was named: say which there are."""
    known = sme_ids(workspace)
    if where_it_runs == "live":
        links = [(load_sme(workspace, name).name, f"?sme={name}&lang={say.language}") for name in known]
        _show(panel(say("views.choose_sme"), [], links))
    else:
        _show(panel(say("views.choose_sme"), [say("views.name_sme", known=", ".join(known))]))
    return Page(tool, None, say, where_it_runs)


def _show(html: str) -> None:
    display(HTML(html))

"""Ask your data: the explorer for everybody, and the SQL box for those who know SQL; questions are kept."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from ipywidgets import HTML, Button, Dropdown, HBox, Layout, Text, Textarea, VBox

from echannel.asking.known_tables import tables_of
from echannel.asking.ready import ready_questions
from echannel.asking.saved import Kept, forget_question, keep_question, kept_questions
from echannel.asking.sql import ROWS, ask_in_sql
from echannel.asking.subjects import subjects_of
from echannel.errors import UserError
from echannel.views.ask_answer import answer_card
from echannel.views.ask_controls import Controls
from echannel.views.ask_found import found_html, tables_html
from echannel.views.blocks import panel
from echannel.views.cards import to_page
from echannel.views.context import View


def explorer(view: View, _: Callable[[], None]) -> Explorer:
    """The lists, the answer below them, and the names under which questions are kept."""
    return Explorer(view)


def sql_box(view: View, _: Callable[[], None]) -> SqlBox:
    """A text in SQL, and what it finds."""
    return SqlBox(view)


class _Keeping:
    """A name to keep a question under, the list of those kept, and buttons for both."""

    def __init__(self, view: View, kept: Callable[[], Kept], take: Callable[[Kept], None], sql: bool) -> None:
        self.view, self._kept, self._take, self._sql = view, kept, take, sql
        say = view.say
        self._name = Text(placeholder=say("ask.control.name"), description=say("ask.control.keep_as"))
        self._name.style.description_width = "initial"
        self._list = Dropdown(description=say("ask.control.kept"), style={"description_width": "initial"})
        self._said = HTML()
        keep, forget = (Button(description=say(f"ask.act.{act}")) for act in ("keep", "forget"))
        for button in (keep, forget):
            button.add_class("ec-button")
        keep.on_click(lambda _: self._try(self._keep))
        forget.on_click(lambda _: self._try(self._forget))
        self._refresh("")
        self._list.observe(self._chosen, names="value")
        pairs = [HBox(pair) for pair in ([self._list, forget], [self._name, keep])]
        for pair in pairs:
            pair.add_class("ec-filters")
        self.box = VBox([*pairs, self._said])

    def _refresh(self, chosen: str) -> None:
        names = [name for name, kept in kept_questions(self.view.sme).items() if bool(kept.sql) == self._sql]
        self._list.options = [(self.view.say("ask.control.none_kept"), ""), *((name, name) for name in names)]
        self._list.value = chosen if chosen in names else ""

    def _chosen(self, change: Any) -> None:
        kept = kept_questions(self.view.sme).get(change["new"])
        if kept is not None:
            self._name.value = change["new"]
            self._take(kept)

    def _keep(self) -> str:
        name = self._name.value.strip()
        keep_question(self.view.sme, name, self._kept())
        self._refresh(name)
        return self.view.say("ask.say.kept", name=name)

    def _forget(self) -> str:
        name = self._list.value
        gone = bool(name) and forget_question(self.view.sme, name)
        self._refresh("")
        return self.view.say("ask.say.forgotten", name=name) if gone else self.view.say("ask.say.choose_kept")

    def _try(self, act: Callable[[], str]) -> None:
        try:
            said = act()
        except UserError as error:
            said = self.view.say.error(error)
        self._said.value = f'<p class="ec ec-note" role="status">{escape(said)}</p>'


class Explorer:
    """Questions by choosing: ``box`` is what is shown."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._subjects = subjects_of(view.sme)
        self._ready = ready_questions(self._subjects)
        self._answer = HTML()
        self._answer.add_class("ec-live")
        if not self._ready:
            self.box: Any = HTML(panel(view.say("ask.say.no_rows"), []))
            return
        first, start = next(iter(self._ready.items()))
        say = view.say
        self._start = Dropdown(
            options=[(say(f"ask.ready.{name}"), name) for name in self._ready],
            value=first,
            description=say("ask.control.start"),
            style={"description_width": "initial"},
        )
        self._start.observe(lambda change: self._take(Kept(self._ready[change["new"]])), names="value")
        self._controls = Controls(view, self._subjects, start, self._draw)
        keeping = _Keeping(view, lambda: Kept(self._controls.question), self._take, sql=False)
        head = HBox([self._start])
        head.add_class("ec-filters")
        self.box = VBox([head, self._controls.box, self._answer, keeping.box])
        self.box.add_class("ec-asked")
        self._draw()

    def follow(self, view: View) -> None:
        """Nothing else on the page moves it."""

    def _take(self, kept: Kept) -> None:
        if kept.question is not None:
            self._controls.show(kept.question)
            self._draw()

    def _draw(self) -> None:
        view, question = self._view, self._controls.question
        try:
            card = answer_card(view, self._controls.subject, question, self._controls.period_in_words())
            self._answer.value = to_page(card, view.say, card.sources)
        except UserError as error:
            self._answer.value = panel(view.say("views.cannot_show_card"), [view.say.error(error)])


class SqlBox:
    """Questions in SQL: ``box`` is what is shown."""

    def __init__(self, view: View) -> None:
        self._view = view
        say = view.say
        self._tables = tables_of(view.sme)
        self._text = Textarea(
            value=_EXAMPLE if "sales" in self._tables else "",
            description=say("ask.control.sql"),
            rows=6,
            layout=Layout(width="100%"),
        )
        self._text.style.description_width = "initial"
        self._text.add_class("ec-sql")
        run = Button(description=say("ask.act.run"))
        run.add_class("ec-button")
        run.on_click(lambda _: self._run())
        self._found = HTML()
        self._found.add_class("ec-live")
        keeping = _Keeping(view, lambda: Kept(sql=self._text.value), self._take, sql=True)
        known = HTML(tables_html(self._tables, say))
        self.box = VBox([known, self._text, run, self._found, keeping.box])
        self.box.add_class("ec-asked")

    def follow(self, view: View) -> None:
        """Nothing else on the page moves it."""

    def _take(self, kept: Kept) -> None:
        self._text.value = kept.sql
        self._run()

    def _run(self) -> None:
        say = self._view.say
        try:
            found = ask_in_sql(self._text.value, {name: make for name, (_, make) in self._tables.items()})
            self._found.value = found_html(found, say, ROWS)
        except UserError as error:
            self._found.value = panel(say("ask.say.sql_refused"), [say.error(error)])


_EXAMPLE = """SELECT product, sum(turnover) AS turnover, sum(units) AS units
FROM sales
GROUP BY product
ORDER BY turnover DESC
LIMIT 20"""

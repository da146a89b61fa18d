"""The wizard as a notebook page: who the SME is, its files, what they seem to be, profile and first sync.

In a dashboard (Voilà) files come by upload only, and no profile that exists is replaced: whoever
opens the page must not read this computer's folders or take over another SME.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import available_timezones

import ipywidgets as widgets

from echannel import wizard
from echannel.connectors.files import FIELDS, FileProposal, Question
from echannel.countries import country_codes
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.sync import SyncReport, sync_sme
from echannel.wizard import words
from echannel.workspace import Workspace, find_workspace

_WIDE = widgets.Layout(width="min(46em, 100%)")
_LABEL = {"description_width": "24em"}
# A dashboard's page has none of JupyterLab's colours, without which fields and buttons are invisible.
_STYLE = """<style>
.connect input:not([type=checkbox]), .connect select {border: 1px solid #6b7785; background: #fff}
.connect button {border: 1px solid #12436d; color: #12436d; background: #fff; border-radius: 3px}
.connect button.mod-primary {background: #12436d; color: #fff}
.connect table {border-collapse: collapse; margin: .6em 0}
.connect td, .connect th {border: 1px solid #c9d0d8}
.connect .widget-label {white-space: normal; line-height: 1.25; height: auto; margin-right: .5em}
@media (max-width: 640px) {
 .connect .jupyter-widgets {flex-wrap: wrap; height: auto; max-width: 100%}
 .connect .widget-inline-hbox .widget-label {width: 100% !important; text-align: left}
 .connect .widget-inline-hbox > input, .connect .widget-inline-hbox > select {flex: 1 1 100%; height: 2.2em}
}
.connect h2 {margin: 1.2em 0 .6em}
.connect caption {text-align: left; font-weight: 600; padding: .3em 0}
</style>"""


def open_connect(firm: str = "", lang: str = "", workspace: Workspace | None = None) -> ConnectPage:
    """The page for one SME (``firm``: its identifier, new or known), in one language."""
    query = parse_qs(os.environ.get("QUERY_STRING", "")) if _served() else {}
    language = query.get("lang", [lang])[-1] or os.environ.get("ECHANNEL_LANG", "")
    say = Speaker(language if language in LANGUAGES else LANGUAGES[0])
    return ConnectPage(workspace or find_workspace(), query.get("sme", [firm])[-1], say)


def _served() -> bool:
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila")


class ConnectPage:
    """The steps of the wizard, one notebook cell each."""

    def __init__(self, workspace: Workspace, firm: str, say: Speaker) -> None:
        self.workspace, self.say = workspace, say
        self.answers: wizard.Answers = {}
        self.files: list[Path] = []
        self.folder = ""
        self.inputs = self._identity_inputs(firm)
        self.upload = widgets.FileUpload(
            multiple=True,
            accept=",".join(wizard.SUFFIXES),
            description=say("wizard.page.upload"),
            layout=_WIDE,
        )
        self.path = widgets.Text(description=say("wizard.page.path"), layout=_WIDE, style=_LABEL)
        self.replace = widgets.Checkbox(description=say("wizard.page.replace"), layout=_WIDE, indent=False)
        self.message = widgets.HTML()
        self.found = widgets.VBox()
        self.bar = widgets.IntProgress(layout=widgets.Layout(visibility="hidden"))
        self.outcome = widgets.VBox()
        self.upload.observe(lambda _: self._try(self.take_uploads), "value")

    @property
    def sme_id(self) -> str:
        """The identifier as it stands in the form."""
        return self.inputs["id"].value.strip()

    @property
    def identity(self) -> dict[str, Any]:
        """Who the SME is, as the form says."""
        values = {name: self.inputs[name].value for name in wizard.IDENTITY}
        return {**values, "languages": values["languages"].split(","), "currency": values["currency"].upper()}

    def who(self) -> widgets.VBox:
        """The form on the SME itself."""
        first = ["name", "id"]
        rest = [name for name in self.inputs if name not in first]
        inputs = [self.inputs[name] for name in (*first, *rest)]
        return _section([widgets.HTML(_STYLE), self._heading("who"), *inputs])

    def where(self) -> widgets.VBox:
        """Where its files are: dropped here, or in a folder."""
        look = widgets.Button(description=self.say("wizard.page.look"), button_style="primary")
        look.on_click(lambda _: self._try(self.look))
        places = [self.upload] if _served() else [self.upload, self.path]
        return _section([self._heading("files"), *places, look, self.message])

    def what(self) -> widgets.VBox:
        """What the files seem to be: mapping, questions, preview; empty until files were looked at."""
        return _section([self._heading("columns"), self.found])

    def finish(self) -> widgets.VBox:
        """Write the profile, sync, and see what came of it."""
        write = widgets.Button(description=self.say("wizard.page.write"))
        fitting = widgets.Layout(width="auto")
        sync = widgets.Button(
            description=self.say("wizard.page.sync"), button_style="primary", layout=fitting
        )
        write.on_click(lambda _: self._try(self.write))
        sync.on_click(lambda _: self._try(self.write_and_sync))
        options = [] if _served() else [self.replace]
        return _section(
            [self._heading("finish"), *options, widgets.HBox([write, sync]), self.bar, self.outcome]
        )

    def take_uploads(self) -> None:
        """Put files that were dropped into the SME's inbox, then look at them."""
        wizard.check_identity(self.workspace, self.sme_id, self.identity)
        inbox = self.workspace.inbox / self.sme_id
        inbox.mkdir(parents=True, exist_ok=True)
        for dropped in self.upload.value:
            name = Path(dropped["name"].replace("\\", "/")).name
            if Path(name).suffix.lower() not in wizard.SUFFIXES or name.startswith("."):
                raise UserError("wizard.error.no_files", folder=name, suffixes=", ".join(wizard.SUFFIXES))
            (inbox / name).write_bytes(bytes(dropped["content"]))
        self.path.value = str(inbox)
        self.look()

    def look(self) -> None:
        """Look at the files, and show what they seem to be."""
        wizard.check_identity(self.workspace, self.sme_id, self.identity)
        inbox = self.workspace.inbox / self.sme_id
        place = inbox if _served() or not self.path.value.strip() else Path(self.path.value).expanduser()
        self.folder, self.files = wizard.placed(self.workspace, self.sme_id, wizard.files_in([place]))
        self._show_found()

    def answer(self, file: str, option: str, value: Any) -> None:
        """Take a correction, and show what the file seems to be with it."""
        before = self.answers
        self.answers = wizard.answered(before, file, option, value)
        try:
            self._show_found()
        except UserError:
            self.answers = before
            raise

    def write(self) -> None:
        """Write the profile."""
        if not self.files:
            self.look()
        proposal = wizard.looked_at(self.workspace, self.identity, self.files, self.answers)
        if all(found.error for found in proposal.files):
            raise UserError("wizard.error.nothing_readable")
        path = wizard.write_profile(
            self.workspace, self.sme_id, self.identity, proposal.options(self.folder), self.replace.value
        )
        self.outcome.children = [_text([self.say("wizard.written", file=str(path))])]

    def write_and_sync(self) -> None:
        """Write the profile, read the files, and show what came of it."""
        self.write()
        self.bar.layout.visibility = "visible"
        try:
            report = sync_sme(self.workspace, self.sme_id, self._progress)
        finally:
            self.bar.layout.visibility = "hidden"
        chart = widgets.Output()
        self.outcome.children = [
            *self.outcome.children,
            _text(report.sentences(self.say)),
            widgets.HTML(_downloads(report, self.say)),
            chart,
        ]
        with chart:
            first_chart(self.workspace, self.sme_id, self.say.language)

    def _progress(self, what: str, done: int, total: int) -> None:
        self.bar.max, self.bar.value, self.bar.description = max(total, 1), done, what

    def _try(self, step: Callable[[], None]) -> None:
        """One step; what is wrong is said where the files are named."""
        self.message.value = ""
        try:
            step()
        except UserError as wrong:
            error = f'<p role="alert" style="color:#b3261e">{escape(self.say.error(wrong))}</p>'
            self.message.value = error
            self.outcome.children = [widgets.HTML(error)]

    def _heading(self, step: str) -> widgets.HTML:
        return widgets.HTML(f"<h2>{escape(self.say(f'wizard.step.{step}'))}</h2>")

    def _identity_inputs(self, firm: str) -> dict[str, Any]:
        say = self.say
        proposed = wizard.suggested(self.workspace, firm, language=say.language)
        inputs: dict[str, Any] = {"id": _input(say("wizard.ask.id"), firm)}
        for name in wizard.IDENTITY:
            label, value = say(f"wizard.ask.{name}"), proposed[name]
            options = self._choices(name, proposed["country"])
            if options:
                value = ",".join(value) if name == "languages" else value
                inputs[name] = _dropdown(label, options, value)
            else:
                inputs[name] = _input(label, value)
        inputs["timezone"] = widgets.Combobox(
            description=say("wizard.ask.timezone"),
            value=proposed["timezone"],
            options=sorted(available_timezones()),
            ensure_option=True,
            layout=_WIDE,
            style=_LABEL,
        )
        inputs["name"].observe(self._name_changed, "value")
        inputs["country"].observe(self._country_changed, "value")
        return inputs

    def _choices(self, name: str, country: str) -> list[tuple[str, str]]:
        say = self.say
        match name:
            case "country":
                return [(say.country_name(code), code) for code in country_codes(self.workspace)]
            case "languages":
                both = (say("wizard.language.both"), ",".join(LANGUAGES))
                return [*((say(f"wizard.language.{code}"), code) for code in LANGUAGES), both]
            case "orientation":
                return [(say(f"orientation.{code}"), code) for code in ("b2b", "b2c", "both")]
            case "vat_regime":
                found = words.regimes(self.workspace, country, say)
                return [(shown, regime) for regime, shown in found.items()]
        return []

    def _name_changed(self, change: dict[str, Any]) -> None:
        """The identifier follows the name, as long as nobody wrote another one."""
        if self.sme_id in ("", wizard.id_from_name(change["old"])):
            self.inputs["id"].value = wizard.id_from_name(change["new"])

    def _country_changed(self, change: dict[str, Any]) -> None:
        proposed = wizard.suggested(self.workspace, self.sme_id, change["new"])
        self.inputs["vat_regime"].options = self._choices("vat_regime", change["new"])
        for name in ("vat_regime", "currency", "timezone", "fiscal_year_start"):
            self.inputs[name].value = proposed[name]
        self.inputs["languages"].value = ",".join(proposed["languages"])

    def _show_found(self) -> None:
        proposal = wizard.looked_at(self.workspace, self.identity, self.files, self.answers)
        shown = [self._file(found) for found in proposal.files]
        titles = [found.path.name for found in proposal.files]
        self.found.children = [widgets.Accordion(shown, titles=titles, selected_index=0)]

    def _file(self, found: FileProposal) -> widgets.VBox:
        say = self.say
        if found.error is not None:
            return widgets.VBox([_text([say.error(found.error)])])
        facts = "  ·  ".join(f"{label} {value}" for label, value in words.facts(found, say))
        notes = [*(say(note.key, **note.values) for note in found.notes), *words.refusals(found, say)]
        if found.missing is not None:
            notes.insert(0, say.error(found.missing))
        questions = [self._question(found, asked) for asked in found.questions]
        previews = []
        for name, frame in found.preview.items():
            if len(frame):
                caption = say("wizard.preview", table=say(f"table.{name}"))
                previews.append(widgets.HTML(_table(*words.preview(frame, say, found.timezone), caption)))
        return widgets.VBox([_text([facts]), *questions, *self._mapping(found), *previews, _text(notes)])

    def _mapping(self, found: FileProposal) -> list[widgets.Widget]:
        """A choice of column for each field that has one, and one line to add another field."""
        say, file = self.say, found.path.name
        none = (say("wizard.choice.none"), "")
        headers = [(header, header) for header in dict.fromkeys(found.headers) if header]
        rows = []
        described = words.mapping_rows(found, say)
        for match, (label, shown, sure, why) in zip(found.fields, described, strict=True):
            held = match.headers[0]
            several = [(shown, held)] if len(match.headers) > 1 else []
            options = [none, *several, *(one for one in headers if one[1] != held or not several)]
            column = _dropdown(label, options, held)
            column.observe(partial(self._column_chosen, file, match.field), "value")
            rows.append(widgets.HBox([column, widgets.HTML(escape(f"{sure} · {why}"))]))
        free = [name for name in FIELDS[found.table] if name not in {match.field for match in found.fields}]
        labelled = sorted((words.field_label(name, say), name) for name in free)
        field = _dropdown(say("wizard.page.add"), [none, *labelled], "")
        header = widgets.Dropdown(options=[none, *headers], value="")

        def added(change: dict[str, Any]) -> None:
            if field.value:
                self._column_chosen(file, field.value, change)

        header.observe(added, "value")
        return [*rows, widgets.HBox([field, header])]

    def _column_chosen(self, file: str, field: str, change: dict[str, Any]) -> None:
        self._try(partial(self.answer, file, f"mapping.{field}", change["new"] or []))

    def _question(self, found: FileProposal, asked: Question) -> widgets.Widget:
        say, file = self.say, found.path.name
        box: widgets.ValueWidget
        if asked.choices:
            options = [(words.answer(asked, value, say), value) for value in asked.choices]
            if asked.default is None:
                options.insert(0, (say("wizard.choice.none"), ""))
            box = widgets.Dropdown(options=options, value=asked.default or "", layout=_WIDE)
        else:
            box = widgets.Text(value=asked.default or "", continuous_update=False, layout=_WIDE)
        box.observe(partial(self._answered, file, asked), "value")
        return widgets.VBox([widgets.HTML(f"<b>{escape(words.question(asked, say))}</b>"), box])

    def _answered(self, file: str, asked: Question, change: dict[str, Any]) -> None:
        if change["new"]:
            value = wizard.as_option(asked, change["new"])
            self._try(lambda: self.answer(file, asked.option, value))


def first_chart(workspace: Workspace, sme_id: str, language: str) -> None:
    """Turnover by month, the first chart that an SME sees."""
    from echannel.views import growth_cards, open_page

    open_page("growth", sme_id, language, workspace).show(growth_cards.turnover_by_month)


def _section(children: Sequence[widgets.Widget]) -> widgets.VBox:
    section = widgets.VBox(children)
    section.add_class("connect")
    return section


def _input(label: str, value: str) -> widgets.Text:
    return widgets.Text(description=label, value=value, layout=_WIDE, style=_LABEL)


def _dropdown(label: str, options: Sequence[tuple[str, str]], value: str) -> widgets.Dropdown:
    return widgets.Dropdown(description=label, options=options, value=value, layout=_WIDE, style=_LABEL)


def _text(lines: Sequence[str]) -> widgets.HTML:
    return widgets.HTML("".join(f"<p>{escape(line)}</p>" for line in lines))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        style = "padding:0 .6em;text-align:left"
        return "<tr>" + "".join(f'<{tag} style="{style}">{escape(one)}</{tag}>' for one in cells) + "</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><caption>{escape(caption)}</caption>{line(heads, 'th')}{body}</table>"


def _downloads(report: SyncReport, say: Speaker) -> str:
    """The refused rows as files to take home; they travel inside the page, no server is asked."""
    links = []
    for path in report.quarantine:
        content = base64.b64encode(path.read_bytes()).decode()
        label = escape(say("wizard.page.download", file=path.name))
        links.append(
            f'<p><a download="{escape(path.name)}" href="data:text/csv;base64,{content}">{label}</a></p>'
        )
    return "".join(links)

"""``echannel init``: the guided way from files to a profile, on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from echannel import wizard
from echannel.connectors.files import FIELDS, FileProposal, Proposal, Question
from echannel.countries import country_codes
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.sync import sync_sme
from echannel.wizard import words
from echannel.workspace import Workspace

if TYPE_CHECKING:
    from echannel.spoken import Talk

_ORIENTATIONS = ("b2b", "b2c", "both")
_MONTHS_SHOWN = 12
_BAR = 40


class Dialogue:
    """Asks the user, or (``ask_nothing``) takes what is proposed."""

    def __init__(self, talk: Talk, ask_nothing: bool) -> None:
        self.talk, self.say, self.ask_nothing = talk, talk.say, ask_nothing

    def text(self, label: str, default: str = "") -> str:
        """A line of text; Enter takes what is proposed."""
        if self.ask_nothing:
            return default
        shown = f"{label} [{default}] " if default else f"{label} "
        try:
            return self.talk.out.input(Text(shown)).strip() or default
        except EOFError:
            raise KeyboardInterrupt from None

    def choice(self, label: str, choices: Mapping[str, str], default: str) -> str:
        """One of the choices, by its number, its code, or its words."""
        if self.ask_nothing:
            return default
        numbered = list(choices.items())
        self.talk.print(label)
        for number, (_, shown) in enumerate(numbered, 1):
            self.talk.print(f"  {number}. {shown}")
        while True:
            answer = self.text(self.say("wizard.your_choice"), choices.get(default, ""))
            for number, (code, shown) in enumerate(numbered, 1):
                if answer.casefold() in (str(number), code.casefold(), shown.casefold()):
                    return code
            self.talk.error(UserError("wizard.error.no_choice", value=answer, n=len(numbered)))

    def yes(self, label: str, default: bool = True) -> bool:
        """Yes or no."""
        answers = {"yes": self.say("common.yes"), "no": self.say("common.no")}
        return self.choice(label, answers, "yes" if default else "no") == "yes"


def guide(
    workspace: Workspace,
    talk: Talk,
    sme_id: str,
    paths: Sequence[Path],
    given: Mapping[str, Any],
    yes: bool = False,
    copy: bool = False,
    replace: bool = False,
    sync: bool = False,
) -> None:
    """Lead from files to a profile, and to a first sync.

    ``given`` holds what the command line says about the SME already; with ``yes`` nothing is
    asked: what is proposed is taken, and printed.
    """
    dialogue, say = Dialogue(talk, yes), talk.say
    if not sme_id:
        name = dialogue.text(say("wizard.ask.name"), str(given.get("name", "")))
        sme_id = dialogue.text(say("wizard.ask.id"), wizard.id_from_name(name))
        given = {**given, "name": name}
    path = wizard.profile_path(workspace, sme_id)
    if path.is_file() and not replace:
        if yes or not dialogue.yes(say("wizard.ask.replace", file=str(path)), default=False):
            raise UserError("wizard.error.profile_exists", file=str(path))
        replace = True
    paths = paths or [_asked_folder(workspace, sme_id, dialogue)]
    files = wizard.files_in(paths)
    if ignored := wizard.passed_over(paths):
        talk.print(say("wizard.passed_over", n=len(ignored), files=", ".join(one.name for one in ignored)))
    identity = _identity(workspace, sme_id, given, dialogue)
    folder, files = wizard.placed(workspace, sme_id, files, copy)
    proposal = _settled(workspace, identity, files, dialogue)
    if not any(found.usable for found in proposal.files):
        raise UserError("wizard.error.nothing_readable")
    written = wizard.write_profile(workspace, sme_id, identity, proposal.options(folder), replace)
    talk.print(say("wizard.written", file=str(written)))
    if sync or (not yes and dialogue.yes(say("wizard.ask.sync"))):
        _first_sync(workspace, sme_id, talk)
    else:
        talk.print(say("wizard.next", command=f"echannel sync {sme_id}"))


def _asked_folder(workspace: Workspace, sme_id: str, dialogue: Dialogue) -> Path:
    inbox = workspace.inbox / sme_id
    return Path(dialogue.text(dialogue.say("wizard.ask.files"), str(inbox))).expanduser()


def _identity(
    workspace: Workspace, sme_id: str, given: Mapping[str, Any], dialogue: Dialogue
) -> dict[str, Any]:
    """Who the SME is; the country first, since what is proposed for the rest follows from it."""
    say = dialogue.say
    said = {name: value for name, value in given.items() if value}
    first = wizard.suggested(workspace, sme_id, said.get("country", ""), say.language)
    country = said.get("country") or dialogue.choice(
        say("wizard.ask.country"),
        {code: say.country_name(code) for code in country_codes(workspace)},
        first["country"],
    )
    proposed = wizard.suggested(workspace, sme_id, country, say.language) | said | {"country": country}
    asked = {**proposed}
    for name in wizard.IDENTITY:
        if name not in said and name != "country":
            asked[name] = _asked(name, proposed, workspace, dialogue)
    if not asked["launch_pad"]:
        raise UserError("wizard.error.not_said", option="--launch-pad")
    usual = wizard.suggested(workspace, sme_id, country, say.language)
    _put_right(workspace, sme_id, asked, usual, dialogue)
    if dialogue.ask_nothing:
        for label, shown in words.identity_rows(workspace, asked, say):
            dialogue.talk.print(f"{label} {shown}")
    return asked


def _put_right(
    workspace: Workspace, sme_id: str, asked: dict[str, Any], usual: Mapping[str, Any], dialogue: Dialogue
) -> None:
    """Ask again for what is not allowed, until all of it is."""
    while True:
        try:
            return wizard.check_identity(workspace, sme_id, asked)
        except UserError as wrong:
            field = str(wrong.values.get("field", "")).replace(".", "_")
            if wrong.key != "error.profile_value" or field not in wizard.IDENTITY:
                raise
            label = UserError(f"wizard.identity.{field}")
            mistake = UserError("wizard.error.value", **{**wrong.values, "field": label})
            if dialogue.ask_nothing:
                raise mistake from wrong
            dialogue.talk.error(mistake)
            asked[field] = _asked(field, {**asked, field: usual[field]}, workspace, dialogue)


def _asked(name: str, proposed: Mapping[str, Any], workspace: Workspace, dialogue: Dialogue) -> Any:
    say, label = dialogue.say, dialogue.say(f"wizard.ask.{name}")
    match name:
        case "orientation":
            return dialogue.choice(
                label, {code: say(f"orientation.{code}") for code in _ORIENTATIONS}, proposed[name]
            )
        case "languages":
            choices = {code: say(f"wizard.language.{code}") for code in LANGUAGES}
            choices[",".join(LANGUAGES)] = say("wizard.language.both")
            return dialogue.choice(label, choices, ",".join(proposed[name])).split(",")
        case "vat_regime":
            return dialogue.choice(label, words.regimes(workspace, proposed["country"], say), proposed[name])
    while not (answer := dialogue.text(label, str(proposed[name]))) and not dialogue.ask_nothing:
        pass
    return answer.upper() if name == "currency" else answer


def _settled(
    workspace: Workspace, identity: Mapping[str, Any], files: Sequence[Path], dialogue: Dialogue
) -> Proposal:
    """Show what each file seems to be, let the user correct it, until all is accepted."""
    answers: wizard.Answers = {}
    for number, path in enumerate(files):
        look = lambda: wizard.looked_at(workspace, identity, [path], answers).files[0]  # noqa: B023, E731
        found = look()
        dialogue.talk.print("")
        dialogue.talk.print(
            dialogue.say("wizard.file", n=number + 1, total=len(files), file=path.name), "bold"
        )
        show(found, dialogue.talk)
        before = answers
        for asked in () if dialogue.ask_nothing else found.questions:
            value = _answer(asked, dialogue)
            if value is not None:
                answers = wizard.answered(answers, path.name, asked.option, value)
        if answers is not before:
            found = look()
            show(found, dialogue.talk)
        while not dialogue.ask_nothing and found.error is None:
            correction = dialogue.text(dialogue.say("wizard.ask.correct"))
            if not correction:
                break
            try:
                option, value = corrected(correction, found, dialogue.say)
                tried = wizard.answered(answers, path.name, option, value)
                found = wizard.looked_at(workspace, identity, [path], tried).files[0]
                answers = tried
            except UserError as wrong:
                dialogue.talk.error(wrong)
                continue
            show(found, dialogue.talk)
    return wizard.looked_at(workspace, identity, files, answers)


def _answer(asked: Question, dialogue: Dialogue) -> str | float | None:
    """The user's answer; None when what holds without one is left."""
    label = words.question(asked, dialogue.say)
    choices = {code: words.answer(asked, code, dialogue.say) for code in asked.choices}
    if choices and asked.default is None:
        choices[""] = dialogue.say("wizard.choice.none")
    while True:
        if choices:
            answer = dialogue.choice(label, choices, asked.default or "")
        else:
            answer = dialogue.text(label, asked.default or "")
        if answer in ("", asked.default):
            return None
        try:
            value = wizard.as_option(asked, answer)
            return None if value == asked.default else value
        except UserError as wrong:
            dialogue.talk.error(wrong)


def corrected(text: str, found: FileProposal, say: Speaker) -> tuple[str, Any]:
    """A correction "field = column" as an option and its value; the field by number, name or words.

    An empty column or a hyphen: no column stands for the field.
    """
    field, equals, header = (part.strip() for part in text.partition("="))
    fields = {name: words.field_label(name, say) for name in FIELDS[found.table]}
    by_number = {str(number): match.field for number, match in enumerate(found.fields, 1)}
    name = by_number.get(field) or next(
        (name for name, label in fields.items() if field.casefold() in (name.casefold(), label.casefold())),
        "",
    )
    if not equals or not name:
        raise UserError("wizard.error.no_field", value=field, known=", ".join(sorted(fields.values())))
    if header in ("", "-", "–"):
        return f"mapping.{name}", []
    column = next((one for one in found.headers if one.casefold() == header.casefold()), "")
    if not column:
        raise UserError("wizard.error.no_column", value=header, known=", ".join(found.headers))
    return f"mapping.{name}", column


def show(found: FileProposal, talk: Talk) -> None:
    """What a file seems to be: facts, mapping with reasons, preview, and what was decided."""
    say = talk.say
    if found.error is not None:
        talk.error(found.error)
        return
    talk.print("  ".join(f"{label} {value}" for label, value in words.facts(found, say)))
    mapping = _table(["", *(say(f"wizard.column.{name}") for name in ("field", "header", "sure", "why"))])
    for number, match in enumerate(words.mapping_rows(found, say), 1):
        mapping.add_row(*map(Text, (str(number), *match)))
    if mapping.row_count:
        talk.out.print(mapping, soft_wrap=False)
    if found.missing is not None:
        talk.error(found.missing)
        return
    unused = words.unused_headers(found)
    if unused:
        talk.print(say("wizard.unused", n=len(unused), headers=", ".join(unused)))
    for name, frame in found.preview.items():
        if len(frame) and len(words.preview_columns(frame)) > 1:
            heads, rows = words.preview(frame, say, found.timezone)
            table = _table(heads, say("wizard.preview", table=say(f"table.{name}")))
            for row in rows:
                table.add_row(*map(Text, row))
            talk.out.print(table, soft_wrap=False)
    for sentence in [*(say(note.key, **note.values) for note in found.notes), *words.refusals(found, say)]:
        talk.print(sentence)


def _table(heads: Sequence[str], title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left")
    for head in heads:
        table.add_column(Text(head))
    return table


def _first_sync(workspace: Workspace, sme_id: str, talk: Talk) -> None:
    with talk.err.status(talk.say("wizard.syncing"), spinner="dots") as status:
        watch: Callable[[str, int, int], None] = lambda what, done, total: status.update(  # noqa: E731
            Text(f"{what} {done}/{total}")
        )
        report = sync_sme(workspace, sme_id, watch)
    for sentence in report.sentences(talk.say):
        talk.print(sentence)
    chart = turnover_bars(workspace, sme_id, talk.say)
    if chart is not None:
        talk.out.print(chart, soft_wrap=False)


def turnover_bars(workspace: Workspace, sme_id: str, say: Speaker) -> Table | None:
    """The last months' turnover as bars, for a terminal; None without orders."""
    from echannel.metrics.growth import monthly_turnover
    from echannel.sme import open_sme

    sme = open_sme(sme_id, workspace)
    sales = sme.sales
    if sales.entries.empty:
        return None
    months = monthly_turnover(sales.entries, sales.first_day, sales.last_day).tail(_MONTHS_SHOWN)
    top = max(float(months["value"].max()), 1.0)
    table = Table(title=say("wizard.chart"), show_header=False, box=None, title_justify="left")
    for month, value in zip(months["month"], months["value"], strict=True):
        bar = Text("█" * max(0, round(_BAR * value / top)), style="blue")
        table.add_row(say.month(month), bar, say.money(value, sme.profile.currency, 0))
    return table

"""The ``echannel`` command.

Help texts are catalogue keys; they are put into the reader's language before typer sees them.
To add a command: a function here with ``@app.spoken("cli.<name>.help")``, whose options
take their ``help`` and ``metavar`` from the catalogue too; ``talk(ctx)`` gives it its voice. It imports
what it needs in its own body: nobody waits for the libraries of the other commands. Errors
that a person can put right are raised as ``UserError`` and become one red line and exit code 1.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.rich_utils

from echannel import __version__
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.reference.commands import reference
from echannel.spoken import SpokenTyper, Talk, no_type, talk
from echannel.user_commands import user
from echannel.workspace import find_workspace

# The error classes of typer's own click, which has no public name for them.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def chosen_language(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """``--lang``, else ``$ECHANNEL_LANG``, else the system's (``LC_ALL``, ``LANG``), else English."""
    for position, argument in enumerate(arguments):
        if argument == "--lang":
            return arguments[position + 1] if position + 1 < len(arguments) else ""
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
    if environment.get("ECHANNEL_LANG"):
        return environment["ECHANNEL_LANG"]
    system = environment.get("LC_ALL") or environment.get("LANG") or ""
    return system[:2] if system[:2] in LANGUAGES else "en"


def _without_language(arguments: Sequence[str]) -> list[str]:
    kept, skip = [], False
    for argument in arguments:
        if not skip and argument != "--lang" and not argument.startswith("--lang="):
            kept.append(argument)
        skip = argument == "--lang"
    return kept


app = SpokenTyper("cli.help", add_completion=False, pretty_exceptions_enable=False)
app.add_typer(reference, name="reference")
app.add_typer(user, name="user")


@app.callback()
def _options(
    lang: Annotated[str, typer.Option(help="cli.lang", metavar="en|fr", show_default=False)] = "",
    version: Annotated[bool, typer.Option("--version", help="cli.version")] = False,
) -> None:
    """Options that come before any command; ``--lang`` is understood anywhere, see ``main``."""


@app.spoken("wizard.help")
def init(
    ctx: typer.Context,
    sme: Annotated[
        str, typer.Argument(help="wizard.option.id", metavar="wizard.id_metavar", show_default=False)
    ] = "",
    files: Annotated[
        list[Path] | None, typer.Option(help="wizard.option.files", metavar="wizard.files_metavar")
    ] = None,
    name: Annotated[str, typer.Option(help="wizard.option.name", metavar="…", show_default=False)] = "",
    country: Annotated[
        str, typer.Option(help="wizard.option.country", metavar="GB|FR", show_default=False)
    ] = "",
    languages: Annotated[
        str, typer.Option(help="wizard.option.languages", metavar="en,fr", show_default=False)
    ] = "",
    orientation: Annotated[
        str, typer.Option(help="wizard.option.orientation", metavar="b2b|b2c|both", show_default=False)
    ] = "",
    currency: Annotated[
        str, typer.Option(help="wizard.option.currency", metavar="GBP|EUR", show_default=False)
    ] = "",
    timezone: Annotated[
        str, typer.Option(help="wizard.option.timezone", metavar="Europe/Paris", show_default=False)
    ] = "",
    vat_regime: Annotated[
        str, typer.Option(help="wizard.option.vat_regime", metavar="…", show_default=False)
    ] = "",
    fiscal_year_start: Annotated[
        str, typer.Option(help="wizard.option.fiscal_year_start", metavar="04-01", show_default=False)
    ] = "",
    launch_pad: Annotated[
        str, typer.Option(help="wizard.option.launch_pad", metavar="…", show_default=False)
    ] = "",
    copy: Annotated[bool, typer.Option("--copy", help="wizard.option.copy")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="wizard.option.replace")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="wizard.option.yes")] = False,
    sync: Annotated[bool, typer.Option("--sync", help="wizard.option.sync")] = False,
) -> None:
    from echannel.wizard.console import guide

    given = {
        "name": name,
        "country": country.upper(),
        "languages": [code.strip() for code in languages.split(",") if code.strip()],
        "orientation": orientation,
        "currency": currency.upper(),
        "timezone": timezone,
        "vat_regime": vat_regime,
        "fiscal_year_start": fiscal_year_start,
        "launch_pad": launch_pad,
    }
    guide(find_workspace(), talk(ctx), sme, files or [], given, yes, copy, replace, sync)


@app.spoken("cli.sync.help")
def sync(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="cli.name", metavar="cli.name_metavar", show_default=False)],
    workers: Annotated[int, typer.Option(help="cli.sync.workers", metavar="N", min=1, max=64)] = 2,
    again: Annotated[bool, typer.Option("--again", help="cli.sync.again")] = False,
) -> None:
    from echannel.console import sync_all
    from echannel.profiles import resolve_smes

    workspace = find_workspace()
    done = sync_all(workspace, resolve_smes(workspace, name), talk(ctx), workers, again)
    raise typer.Exit(0 if done else 1)


@app.spoken("cli.check.help")
def check(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="cli.name", metavar="cli.name_metavar", show_default=False)],
) -> None:
    from echannel.check import check_sme
    from echannel.profiles import resolve_smes

    workspace, voice, blocked = find_workspace(), talk(ctx), False
    for sme in resolve_smes(workspace, name):
        found = check_sme(workspace, sme)
        blocked = blocked or found.blocked
        for sentence in found.sentences(voice.say):
            voice.print(sentence)
    raise typer.Exit(1 if blocked else 0)


@app.spoken("planning.cli.adopt")
def adopt(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="cli.name", metavar="cli.name_metavar", show_default=False)],
) -> None:
    import pandas as pd

    from echannel import adopted
    from echannel.profiles import resolve_smes
    from echannel.sme import open_sme

    workspace, voice = find_workspace(), talk(ctx)
    for sme in resolve_smes(workspace, name):
        start, months = adopted.adopt(open_sme(sme, workspace))
        month = pd.Period(ordinal=start, freq="M")
        voice.print(voice.say("planning.cli.adopted", sme=sme, n=months, month=month))


@app.spoken("cli.track.help")
def track(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="cli.name", metavar="cli.name_metavar", show_default=False)],
    source: Annotated[str, typer.Argument(help="cli.track.source", metavar="ID", show_default=False)] = "",
    state: Annotated[
        str, typer.Option(help="cli.track.state", metavar="cli.track.state_metavar", show_default=False)
    ] = "",
    note: Annotated[str, typer.Option(help="cli.track.note", metavar="…", show_default=False)] = "",
    turn: Annotated[
        str, typer.Option(help="cli.track.turn", metavar="sme|launch_pad|platform", show_default=False)
    ] = "",
) -> None:
    from echannel.tracking import note_down, tracker_table

    workspace, voice = find_workspace(), talk(ctx)
    if source:
        note_down(workspace, name, source, state, note, turn)
    voice.out.print(tracker_table(workspace, name, voice.say), soft_wrap=False)


@app.spoken("cli.sources.help")
def sources(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(help="cli.name", metavar="cli.name_metavar", show_default=False)
    ] = "",
) -> None:
    from echannel.tracking import census_table, matrix_table

    voice = talk(ctx)
    table = census_table(find_workspace(), name, voice.say) if name else matrix_table(voice.say)
    voice.out.print(table, soft_wrap=False)


@app.spoken("feedback.cli.help")
def feedback(
    ctx: typer.Context,
    sme: Annotated[
        str, typer.Option(help="feedback.cli.sme", metavar="cli.name_metavar", show_default=False)
    ] = "",
) -> None:
    from echannel.opinions import opinions

    voice = talk(ctx)
    voice.out.print(opinions(find_workspace(), sme, voice.say) or voice.say("feedback.cli.nothing"))


@app.spoken("backup.help")
def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="backup.help.file", metavar="backup.file_metavar")],
) -> None:
    from echannel.backup import back_up

    voice = talk(ctx)
    held = back_up(find_workspace(), file)
    rows = voice.say.number(sum(held.smes.values()))
    voice.out.print(voice.say("backup.said", file=str(file), n=len(held.smes), rows=rows), soft_wrap=True)


@app.spoken("restore.help", "restore")
def restore_backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="restore.help.file", metavar="backup.file_metavar")],
    folder: Annotated[Path, typer.Argument(help="restore.help.folder", metavar="backup.folder_metavar")],
) -> None:
    from datetime import datetime

    from echannel.backup import restore

    voice = talk(ctx)
    held = restore(file, folder)
    rows = voice.say.number(sum(held.smes.values()))
    day = voice.say.day(datetime.fromisoformat(held.made))
    said = voice.say("restore.said", folder=str(folder), n=len(held.smes), rows=rows, day=day)
    voice.out.print(said, soft_wrap=True)


@app.spoken("demo.cli.help")
def demo(
    ctx: typer.Context,
    seed: Annotated[int | None, typer.Option(help="demo.cli.seed", metavar="N", min=0)] = None,
) -> None:
    from echannel.demo.console import write_and_tell

    write_and_tell(find_workspace(), talk(ctx), seed)


@app.spoken("batch.cli.help", "run")
def run_reports(
    ctx: typer.Context,
    cohort: Annotated[
        str, typer.Argument(help="batch.cli.cohort", metavar="cli.name_metavar", show_default=False)
    ],
    only: Annotated[
        list[str] | None, typer.Option(help="batch.cli.only", metavar="batch.cli.only_metavar")
    ] = None,
    tool: Annotated[
        list[str] | None, typer.Option(help="batch.cli.tool", metavar="batch.cli.tool_metavar")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="batch.cli.resume")] = False,
    force: Annotated[bool, typer.Option("--force", help="batch.cli.force")] = False,
    engine: Annotated[
        str, typer.Option(help="batch.cli.engine", metavar="echannel|nbclient", show_default=False)
    ] = "",
    workers: Annotated[int, typer.Option(help="batch.cli.workers", metavar="N", min=1, max=64)] = 2,
    pdf: Annotated[bool, typer.Option("--pdf", help="batch.cli.pdf")] = False,
    xlsx: Annotated[bool, typer.Option("--xlsx", help="batch.cli.xlsx")] = False,
    cluster: Annotated[
        str, typer.Option(help="scale.cli.cluster", metavar="tcp://…|local:N", show_default=False)
    ] = "",
) -> None:
    from echannel.batch.summary import run_with_bar, summary_table
    from echannel.tracker import dashboards_made

    voice = talk(ctx)
    options = {
        "only": only or (),
        "tools": tool or None,
        "resume": resume,
        "force": force,
        "engine": engine or None,
        "workers": workers,
        "cluster": cluster or None,
        "also": [kind for kind, wanted in (("pdf", pdf), ("xlsx", xlsx)) if wanted],
    }
    summary = run_with_bar(find_workspace(), cohort, voice.say, voice.err, **options)
    dashboards_made(find_workspace(), (one.report.sme for one in summary.outcomes if one.status != "failed"))
    voice.out.print(summary_table(summary, voice.say))
    raise typer.Exit(summary.exit_code)


@app.spoken("planning.cli.season.help")
def season(
    ctx: typer.Context,
    cohort: Annotated[
        str, typer.Argument(help="batch.cli.cohort", metavar="cli.name_metavar", show_default=False)
    ],
) -> None:
    from echannel.foresight import write_season

    voice = talk(ctx)
    written = write_season(find_workspace(), cohort)
    key = "planning.cli.season.written" if written else "planning.cli.season.too_few"
    voice.out.print(voice.say(key), soft_wrap=True)


@app.spoken("serve.cli.help")
def serve(
    ctx: typer.Context,
    address: Annotated[
        str, typer.Option(help="serve.cli.address", metavar="serve.cli.address_metavar")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="serve.cli.port", metavar="N", min=1, max=65535)] = 8866,
    browser: Annotated[bool, typer.Option("--browser", help="serve.cli.browser")] = False,
    url: Annotated[
        str,
        typer.Option(help="login.option.url", metavar="https://…", envvar="ECHANNEL_URL", show_envvar=False),
    ] = "",
    behind_proxy: Annotated[
        list[str] | None, typer.Option(help="login.option.behind_proxy", metavar="serve.cli.address_metavar")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="login.option.certificate", metavar="…", show_default=False)
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="login.option.key", metavar="…", show_default=False)
    ] = None,
    dashboards: Annotated[
        int, typer.Option(help="login.option.dashboards", metavar="N", min=1, max=10_000)
    ] = 40,
) -> None:
    from echannel.confine import landlock_version
    from echannel.server import serve as serve_dashboards

    voice = talk(ctx)

    def ready(where: str, login: bool) -> None:
        voice.print(voice.say("login.ready" if login else "serve.ready", url=where))
        if login and not landlock_version():
            voice.print(voice.say("login.not_confined"))

    serve_dashboards(
        find_workspace(),
        address,
        port,
        browser,
        ready,
        url,
        proxies=tuple(behind_proxy or ()),
        certificate=certificate,
        key=key,
        kernels=dashboards,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit code; nobody ever sees a traceback for what they can mend."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(given, os.environ))


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run one command line and return its exit code."""
    try:
        say = Speaker(chosen_language(arguments, environment))
    except UserError as unknown:
        Talk(Speaker(chosen_language([], {"LANG": environment.get("LANG", "")}))).error(unknown)
        return 1
    voice = Talk(say)
    rest = _without_language(arguments)
    if rest == ["--version"]:
        voice.print(f"echannel {__version__}")
        return 0
    spoken = _translated(typer.main.get_command(app), say)
    try:
        code = spoken.main(rest, prog_name="echannel", standalone_mode=False, obj=voice)
    except UserError as error:
        voice.error(error)
        return 1
    except _UsageError as misuse:
        return _misused(misuse, voice)
    except (typer.Abort, KeyboardInterrupt):
        voice.err.print(say("cli.aborted"), markup=False)
        return 130
    except Exception as failure:
        if environment.get("ECHANNEL_DEBUG"):
            raise
        voice.error(_unforeseen(failure))
        return 1
    return code if isinstance(code, int) else 0


def _unforeseen(failure: Exception) -> UserError:
    """Our mistake, not the user's: what and where. The message itself may quote data and is left out."""
    place = traceback.extract_tb(failure.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    return UserError("cli.error.unforeseen", what=type(failure).__name__, where=where)


def _translated(command: Any, say: Speaker) -> Any:
    """The command with its help texts and those of its options and subcommands in words."""
    typer.rich_utils.OPTIONS_PANEL_TITLE = say("cli.panel.options")
    typer.rich_utils.ARGUMENTS_PANEL_TITLE = say("cli.panel.arguments")
    typer.rich_utils.COMMANDS_PANEL_TITLE = say("cli.panel.commands")
    typer.rich_utils.REQUIRED_LONG_STRING = say("cli.required")
    typer.rich_utils.DEFAULT_STRING = say("cli.default", value="{}")
    command.help = _worded(command.help, say)
    command.options_metavar = _worded(command.options_metavar, say)
    for parameter in command.params:
        parameter.help = _worded(getattr(parameter, "help", None), say)
        parameter.metavar = _worded(parameter.metavar, say)
        if parameter.metavar is None or parameter.param_type_name == "argument":
            parameter.display_type_rich = no_type
    if hasattr(command, "commands"):
        command.subcommand_metavar = _worded(command.subcommand_metavar, say)
        for child in command.commands.values():
            _translated(child, say)
    return command


def _worded(key: str | None, say: Speaker) -> str | None:
    return say(key) if key and "." in key and " " not in key else key


def _misused(misuse: Exception, voice: Talk) -> int:
    """A command line that cannot be understood: what is wrong, and where help is."""
    parameter = getattr(misuse, "param", None)
    shown = (
        (parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar)
        if parameter
        else ""
    )
    match type(misuse).__name__:
        case "NoArgsIsHelpError":
            print(misuse)
            return 2
        case "NoSuchOption":
            error = UserError("cli.error.no_such_option", value=getattr(misuse, "option_name", ""))
        case "MissingParameter":
            error = UserError("cli.error.missing", value=shown)
        case "BadParameter" if shown:
            error = UserError("cli.error.bad_value", value=shown)
        case _:
            error = UserError("cli.error.usage")
    voice.error(error)
    ctx = getattr(misuse, "ctx", None)
    path = ctx.command_path if ctx else "echannel"
    voice.err.print(voice.say("cli.error.see_help", command=f"{path} --help"), markup=False)
    return 2


if __name__ == "__main__":
    main()

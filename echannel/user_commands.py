"""``echannel user``: who may sign in to the dashboards, their links, and what they opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from echannel.spoken import SpokenTyper, Talk, talk
from echannel.workspace import find_workspace

if TYPE_CHECKING:  # every command would wait for the database's library
    from echannel.register.users import Account, Purpose

user = SpokenTyper("login.cli.help")
_Email = Annotated[str, typer.Argument(help="login.cli.email", metavar="login.cli.email_metavar")]
_Url = Annotated[
    str, typer.Option(help="login.cli.url", metavar="https://…", envvar="ECHANNEL_URL", show_envvar=False)
]
_HERE = "http://127.0.0.1:8866"


@user.spoken("login.cli.add", "add")
def user_add(
    ctx: typer.Context,
    email: _Email,
    role: Annotated[
        str, typer.Option(help="login.cli.role", metavar="member|manager|coordinator|partner")
    ] = "member",
    scope: Annotated[
        str, typer.Option("--for", help="login.cli.for", metavar="cli.name_metavar", show_default=False)
    ] = "",
    name: Annotated[str, typer.Option(help="login.cli.name", metavar="…", show_default=False)] = "",
    language: Annotated[
        str, typer.Option("--speaks", help="login.cli.language", metavar="en|fr", show_default=False)
    ] = "",
    url: _Url = _HERE,
) -> None:
    from echannel.errors import UserError
    from echannel.locale import LANGUAGES
    from echannel.register import open_register
    from echannel.register.users import ROLES, add_user
    from echannel.server.access import check_scope

    if role not in ROLES:
        raise UserError("login.error.role", value=role, known=", ".join(ROLES))
    if language not in (*LANGUAGES, ""):
        raise UserError("error.unknown_language", value=language, known=", ".join(LANGUAGES))
    workspace = find_workspace()
    known = check_scope(workspace, role, scope)
    account = add_user(open_register(workspace), email, name, role, known, language)
    _tell_link(talk(ctx), account.email, "invite", url)


@user.spoken("login.cli.invite", "invite")
def user_invite(ctx: typer.Context, email: _Email, url: _Url = _HERE) -> None:
    _tell_link(talk(ctx), email, "invite", url)


@user.spoken("login.cli.reset", "reset")
def user_reset(ctx: typer.Context, email: _Email, url: _Url = _HERE) -> None:
    _tell_link(talk(ctx), email, "reset", url)


@user.spoken("login.cli.remove", "remove")
def user_remove(ctx: typer.Context, email: _Email) -> None:
    from echannel.register import open_register
    from echannel.register.users import remove_user

    remove_user(open_register(find_workspace()), email)
    voice = talk(ctx)
    voice.print(voice.say("login.cli.removed", email=email))


@user.spoken("login.cli.list", "list")
def user_list(ctx: typer.Context) -> None:
    from echannel.register import open_register
    from echannel.register.users import users

    voice, everybody = talk(ctx), users(open_register(find_workspace()))
    if not everybody:
        voice.print(voice.say("login.cli.nobody"))
        return
    columns = ("email", "name", "role", "scope", "state")
    _tell_table(voice, columns, [_row(account, voice) for account in everybody])


@user.spoken("login.cli.trail", "trail")
def user_trail(
    ctx: typer.Context,
    sme: Annotated[
        str, typer.Argument(help="login.cli.trail_sme", metavar="cli.name_metavar", show_default=False)
    ] = "",
    most: Annotated[int, typer.Option(help="login.cli.most", metavar="N", min=1)] = 100,
) -> None:
    from echannel.register import open_register
    from echannel.register.audit_trail import opened

    voice, found = talk(ctx), opened(open_register(find_workspace()), sme, most)
    if not found:
        voice.print(voice.say("login.cli.nothing_opened"))
        return
    rows = [
        (
            f"{row.at:%Y-%m-%d %H:%M} UTC",
            row.who,
            voice.say(f"login.role.{row.role}"),
            row.sme,
            voice.say(f"login.what.{row.what}"),
            row.name,
        )
        for row in found
    ]
    _tell_table(voice, ("at", "who", "role", "sme", "what", "name"), rows)


def _row(account: Account, voice: Talk) -> tuple[str, ...]:
    state = "active" if account.has_password else "invited"
    return (
        account.email,
        account.name,
        voice.say(f"login.role.{account.role}"),
        account.scope or "–",
        voice.say(f"login.state.{state}"),
    )


def _tell_table(voice: Talk, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    from rich.text import Text

    table = Table(*(voice.say(f"login.column.{column}") for column in columns))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    voice.out.print(table, soft_wrap=False)


def _tell_link(voice: Talk, email: str, purpose: Purpose, url: str) -> None:
    from echannel.register import open_register
    from echannel.register.users import VALID_FOR, make_link

    token = make_link(open_register(find_workspace()), email, purpose)
    hours = round(VALID_FOR[purpose].total_seconds() / 3600)
    voice.print(voice.say(f"login.cli.link_{purpose}", email=email, n=hours))
    voice.print(f"{url.rstrip('/')}/{purpose}/{token}")

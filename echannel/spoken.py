"""What every command needs to talk in the reader's language: its voice, and typer's own words."""

from __future__ import annotations

from typing import Any

import typer
from rich.console import Console
from typer.core import TyperCommand, TyperGroup

from echannel.errors import UserError
from echannel.locale import Speaker


def no_type(**_: Any) -> None:
    """Typer would show a Python type, in English, beside what the help text says already."""


class _Spoken:
    """Typer's own words ("Usage", "Show this message") in the reader's language."""

    def get_usage(self, ctx: Any) -> str:
        usage = super().get_usage(ctx)  # type: ignore[misc]
        return usage.replace("Usage: ", talk(ctx).say("cli.usage") + " ", 1)

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = talk(ctx).say("cli.help_option")
            option.display_type_rich = no_type
        return option


class SpokenCommand(_Spoken, TyperCommand):
    """A command that speaks the reader's language."""


class SpokenGroup(_Spoken, TyperGroup):
    """The list of commands, in the reader's language."""


class SpokenTyper(typer.Typer):
    """Commands whose help texts are catalogue keys."""

    def __init__(self, key: str, **more: Any) -> None:
        super().__init__(
            cls=SpokenGroup,
            help=key,
            no_args_is_help=True,
            options_metavar="cli.options_metavar",
            subcommand_metavar="cli.command_metavar",
            **more,
        )

    def spoken(self, key: str, name: str | None = None) -> Any:
        """Registers a command whose help text is the catalogue's ``key``."""
        return self.command(name, help=key, cls=SpokenCommand, options_metavar="cli.options_metavar")


class Talk:
    """What a command needs to talk: words, a place for results, a place for what went wrong."""

    def __init__(self, say: Speaker) -> None:
        self.say = say
        self.out = Console(highlight=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False, soft_wrap=True)

    def print(self, text: str, style: str = "") -> None:
        """A line of text, as it is: no markup in names that come from outside."""
        self.out.print(text, style=style, markup=False)

    def error(self, error: UserError) -> None:
        """One red line."""
        self.err.print(self.say.error(error), style="bold red", markup=False)


def talk(ctx: typer.Context) -> Talk:
    """The voice of the running command."""
    found = ctx.find_object(Talk)
    assert found is not None
    return found

"""``echannel reference …``: what is known of markets, and asking public sources when told to."""

from __future__ import annotations

from typing import Annotated

import typer

from echannel.spoken import SpokenTyper, talk
from echannel.workspace import find_workspace

reference = SpokenTyper("reference.cli.help")


@reference.spoken("reference.cli.status", "status")
def reference_status(ctx: typer.Context) -> None:
    from echannel.reference.console import tell_status

    tell_status(find_workspace(), talk(ctx))


@reference.spoken("reference.cli.refresh", "refresh")
def reference_refresh(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(help="reference.cli.name", metavar="cli.name_metavar", show_default=False)
    ] = "",
) -> None:
    from echannel.reference.console import refresh_and_tell

    raise typer.Exit(0 if refresh_and_tell(find_workspace(), talk(ctx), name) else 1)


@reference.spoken("reference.cli.vat", "vat")
def reference_vat(
    ctx: typer.Context,
    numbers: Annotated[
        list[str], typer.Argument(help="reference.cli.vat_numbers", metavar="reference.cli.vat_metavar")
    ],
) -> None:
    from echannel.reference.lookups import tell_vat

    raise typer.Exit(0 if tell_vat(find_workspace(), talk(ctx), numbers) else 1)


@reference.spoken("reference.cli.company", "company")
def reference_company(
    ctx: typer.Context,
    wanted: Annotated[
        str, typer.Argument(help="reference.cli.company_wanted", metavar="reference.cli.company_metavar")
    ],
    country: Annotated[str, typer.Option(help="reference.cli.company_country", metavar="FR|GB")],
) -> None:
    from echannel.reference.lookups import tell_company

    raise typer.Exit(0 if tell_company(find_workspace(), talk(ctx), wanted, country) else 1)

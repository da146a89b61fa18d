"""Tiles: a page's headline figures, each with its change against the year before."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from echannel.locale import Speaker
from echannel.views.help import tile_tip


@dataclass(frozen=True)
class Tile:
    """A headline figure, worded; ``under`` adds a second line (VAT basis, reason), ``change`` a fraction.

    ``rising_is_good`` colours the change: None leaves it plain. ``help`` is the catalogue's key of what the
    figure means (``views.help.<tool>.<name>``).
    """

    label: str
    value: str
    under: str = ""
    change: float | None = None
    rising_is_good: bool | None = True
    known: bool = True
    help: str = ""


@dataclass(frozen=True)
class Tiles:
    """A row of tiles and what they are, for those who hear the page."""

    name: str
    tiles: tuple[Tile, ...]


def tiles_to_page(row: Tiles, say: Speaker) -> str:
    """The tiles as HTML, escaped."""
    listed = "".join(_tile(tile, at, say) for at, tile in enumerate(row.tiles, start=1))
    return f'<section class="ec ec-tiles" aria-label="{escape(row.name)}">{listed}</section>'


def _tile(tile: Tile, at: int, say: Speaker) -> str:
    words = "" if tile.known else " ec-words"
    change = ""
    if tile.change is not None:
        rising = tile.change > 0
        arrow = "▲" if tile.change > 0.0005 else "▼" if tile.change < -0.0005 else "▬"
        css = "" if tile.rising_is_good is None else "ec-up" if rising == tile.rising_is_good else "ec-down"
        text = say("views.against_last_year", change=say.percent(tile.change, signed=True))
        sign = f'<span aria-hidden="true">{arrow}</span>'
        change = f'<div class="ec-under"><span class="{css}">{sign} {escape(text)}</span></div>'
    under = f'<div class="ec-under">{escape(tile.under)}</div>' if tile.under else ""
    tip = tile_tip(at, tile.label, tile.help, say) if tile.help else ""
    return (
        f'<div class="ec-tile">{tip}<div class="ec-label">{escape(tile.label)}</div>'
        f'<div class="ec-value{words}">{escape(tile.value)}</div>{under}{change}</div>'
    )

"""The parts of a page as HTML: its head, what it opens with, headings, cards, foot, and panels for faults."""

from __future__ import annotations

from html import escape

import pandas as pd

from echannel import __version__
from echannel.locale import Speaker
from echannel.metrics.periods import Period
from echannel.metrics.turnover import as_date
from echannel.views.cards import Card, to_page
from echannel.views.context import View
from echannel.views.refused import file_of
from echannel.views.tiles import Tiles, tiles_to_page
from echannel.views.tools import tool_named

Block = Card | Tiles | None


def head_html(tool: str, view: View) -> str:
    """The head of a page: which tool, which SME, which days."""
    say, sme = view.say, view.sme
    sales = sme.sales
    facts = [say.country_name(sme.profile.country), say(f"orientation.{sme.profile.orientation}")]
    if sales.last_day >= sales.first_day:
        whole = Period(sales.first_day, sales.last_day)
        facts.append(_span(say, view.period if tool_named(tool).by_period else whole))
        facts.append(say("views.data_as_of", day=_day(say, sales.last_day)))
    return (
        f'<header class="ec ec-head"><h1>{escape(say(f"tool.{tool}.title"))}</h1>'
        f'<p class="ec-firm">{escape(sme.profile.name)}</p>'
        f'<p class="ec-facts">{escape(" · ".join(facts))}</p></header>'
    )


def opening_html(tool: str, view: View) -> str:
    """The three opening sentences."""
    say = view.say
    sentences = tool_named(tool).opening(view)
    heads = [say(head) for head in tool_named(tool).heads]
    listed = "".join(
        f"<dt>{escape(head)}</dt><dd>{escape(text)}</dd>" for head, text in zip(heads, sentences, strict=True)
    )
    return (
        f'<section class="ec ec-opening" aria-label="{escape(say("views.opening.label"))}">'
        f"<dl>{listed}</dl></section>"
    )


def section_html(tool: str, key: str, view: View, prints: tuple[str, ...] = ()) -> str:
    """A section's heading; B2B sections only where the SME sells to firms, and so on."""
    if (key == "b2b" and "b2b" not in view.kinds) or (key == "customers" and "b2c" not in view.kinds):
        return ""
    say = view.say
    name, about = say(f"{tool}.section.{key}.title"), say(f"{tool}.section.{key}.about")
    button = (
        f'<button type="button" class="ec-print" data-print="{escape(" ".join(prints))}">'
        f"{escape(say(f'{tool}.print.button'))}</button>"
        if prints
        else ""
    )
    return (
        f'<div class="ec ec-section" id="section-{escape(key)}"><h2>{escape(name)}</h2>'
        f"<p>{escape(about)}</p>{button}</div>"
    )


def block_html(block: Block, view: View) -> str:
    """A card or a row of tiles as HTML; "" for none."""
    if block is None:
        return ""
    if isinstance(block, Tiles):
        return tiles_to_page(block, view.say)
    sources = sources_of(block, view)
    return to_page(block, view.say, sources, audit=view.page_of("audit"), live=view.mode == "live")


def sources_of(card: Card, view: View) -> str:
    """Where a card's rows come from, in words."""
    table = _TABLE_OF.get(card.rows.unit, "orders") if card.rows else "orders"
    return card.sources or sources_in_words(view, table)


# Which canonical table the cases that a card counts come from; "": all of them.
_TABLE_OF = {
    "products": "order_lines",
    "sessions": "visits",
    "rows": "",
    "checks": "",
    "stocked": "stock_levels",
    "stock_weeks": "stock_levels",
    "places": "stock_levels",
    "deliveries": "purchases",
    "planned": "",
    "forecasts": "order_lines",
}


def foot_html(tool: str, view: View) -> str:
    """What a reader needs to make the page again, below the page."""
    listed = "".join(f"<dt>{escape(head)}</dt><dd>{escape(text)}</dd>" for head, text in foot_facts(view))
    return f'<footer class="ec ec-foot"><dl>{listed}</dl></footer>'


def foot_facts(view: View) -> list[tuple[str, str]]:
    """What a reader needs to make the page again: data, versions, date."""
    say, manifest = view.say, view.sme.manifest
    versions = ", ".join(
        f"{say(f'table.{name}')} {number}" for name, number in sorted(manifest.versions.items())
    )
    sales = view.sme.sales
    return [
        (say("views.foot.sources"), sources_in_words(view)),
        (
            say("views.foot.period"),
            _span(say, Period(sales.first_day, sales.last_day))
            if sales.last_day >= sales.first_day
            else say("common.unknown"),
        ),
        (say("views.foot.synced"), say.day(pd.Timestamp(manifest.synced_at))),
        (say("views.foot.versions"), versions),
        (say("views.foot.package"), f"echannel {__version__}"),
        (say("views.foot.rules"), f"{say.country_name(say.pack.code)}, {say.day(say.pack.reviewed)}"),
        (say("views.foot.made"), say.day(pd.Timestamp.now(tz=view.sme.profile.timezone))),
    ]


def sources_in_words(view: View, table: str = "") -> str:
    """Where the rows of a table (default: of all) come from: the files read, else the sources' names."""
    say, log = view.say, view.sme.manifest.log
    names = [
        file_of(name)
        for files in log.values()
        for name, facts in sorted(files.items(), reverse=True)
        if not table or facts["kept"].get(table)
    ]
    names = names or [source.id for source in view.sme.profile.sources]
    if len(names) <= 3:
        return say.enumeration(names)
    return say("views.and_more_files", names=", ".join(names[:2]), n=len(names) - 2)


def panel(title: str, lines: list[str], links: list[tuple[str, str]] | None = None) -> str:
    """A friendly panel for what cannot be shown."""
    text = "".join(f"<p>{escape(line)}</p>" for line in lines)
    listed = "".join(f'<li><a href="{escape(href)}">{escape(name)}</a></li>' for name, href in links or [])
    return (
        f'<section class="ec ec-panel" role="alert"><h2>{escape(title)}</h2>{text}'
        + (f"<ul>{listed}</ul>" if listed else "")
        + "</section>"
    )


def _span(say: Speaker, period: Period) -> str:
    return say.period(as_date(period.since), as_date(period.until))


def _day(say: Speaker, day: int) -> str:
    return say.day(as_date(day))

"""Cards on why turnover moved: products, customers, drivers, and the calendar; parts sum to the change."""

from __future__ import annotations

import pandas as pd

from echannel.metrics import change, growth
from echannel.metrics.result import OK
from echannel.metrics.turnover import as_date
from echannel.views import charts
from echannel.views.cards import NO_FIGURES, Card, Rows, reasons
from echannel.views.context import View
from echannel.views.frames import first_row, keyed
from echannel.views.tables import MOST_ROWS, Column, Table


def main_cause(view: View) -> pd.Series | None:
    """The largest part of the change and how sure that is; None when nothing can be compared."""
    compared, lines = view.compared, view.whole.lines
    if compared is None:
        return None
    frame = view.kept("main_cause", lambda: change.main_cause(lines, view.period, compared))
    return first_row(frame) if frame["status"].iloc[0] == OK else None


def by_product(view: View) -> pd.DataFrame:
    """The change of every product (see ``metrics.change.price_volume_mix_by_product``)."""
    compared, lines = view.compared, view.whole.lines
    assert compared is not None
    return view.kept("by_product", lambda: change.price_volume_mix_by_product(lines, view.period, compared))


def products(view: View) -> Card:
    """Price, volume, mix, new and lost items."""
    if view.compared is None:
        return _nothing_to_compare("products")
    say = view.say
    frame = view.figures(change.price_volume_mix, view.whole.lines, view.period, view.compared)
    cause = main_cause(view)
    sentence = _moved(view, frame)
    if cause is not None:
        sentence += " " + say(
            "growth.say.main_cause",
            cause=_cause(view, cause),
            money=say.money(cause["value"], decimals=0, signed=True),
            certainty=say(f"growth.certainty.{cause['verdict']}"),
            low=say.money(cause["low"], decimals=0, signed=True),
            high=say.money(cause["high"], decimals=0, signed=True),
        )
    detail = by_product(view)
    table = Table(
        "change-by-product",
        detail.head(MOST_ROWS),
        (
            Column("product_id", "product", words=view.product),
            Column("value", "change_money", "cents"),
            Column("price", "price_effect", "cents"),
            Column("volume", "volume_effect", "cents"),
            Column("mix", "mix_effect", "cents"),
            Column("new_items", "new_items", "cents"),
            Column("lost_items", "lost_items", "cents"),
            Column("units", "units", "number"),
            Column("units_before", "units_before", "number"),
        ),
        say.currency,
    )
    return Card(
        "growth.change_products",
        sentence,
        _rows(view, len(detail), "products"),
        _figures(view, frame),
        table if len(detail) else None,
        reasons(frame[frame["value"].isna()]),
        term="pvm",
    )


def customers(view: View) -> Card:
    """New, returning, lost customers, and those who bought more or less."""
    if view.compared is None:
        return _nothing_to_compare("customers")
    say = view.say
    frame = view.figures(change.by_customers, view.whole.entries, view.period, view.compared)
    known = keyed(frame[frame["status"] == OK], "part")
    said = []
    if "new" in known.index:
        new = known.loc["new"]
        said.append(
            say("growth.say.new_customers", n=int(new["n"]), money=say.money(new["value"], decimals=0))
        )
    if "lost" in known.index:
        lost = known.loc["lost"]
        said.append(
            say("growth.say.lost_customers", n=int(lost["n"]), money=say.money(-lost["value"], decimals=0))
        )
    return Card(
        "growth.change_customers",
        " ".join(said),
        _rows(view, int(known["n"].sum()), "customers"),
        _figures(view, frame),
        _parts_table(view, frame, "change-by-customers"),
        reasons(frame[frame["value"].isna()]),
    )


def drivers(view: View) -> Card:
    """Visits × conversion × basket, or buyers × frequency × basket where there are no visits."""
    if view.compared is None:
        return _nothing_to_compare("drivers")
    whole = view.whole
    frame = view.figures(change.traffic_drivers, whole.entries, whole.visits, view.period, view.compared)
    missing: tuple[str, ...] = ()
    if not (frame["status"] == OK).any():
        missing = reasons(frame)
        frame = view.figures(change.buyer_drivers, whole.entries, view.period, view.compared)
    known = frame[frame["status"] == OK]
    cause = first_row(
        view.figures(change.main_driver, whole.entries, whole.visits, view.period, view.compared)
    )
    return Card(
        "growth.change_drivers",
        cause_sentence(view, cause) if cause["status"] == OK else "",
        _rows(view, int(known["n"].max()) if len(known) else 0, "orders"),
        _figures(view, frame),
        _parts_table(view, frame, "change-by-drivers"),
        missing or reasons(frame),
    )


def calendar(view: View) -> Card | None:
    """Sale days and other days compared apart; nothing where the country has no sale periods."""
    if view.compared is None:
        return None
    say, entries = view.say, view.whole.entries
    since = min(view.compared.since, view.period.since)
    sales = view.sme.pack.sale_periods_between(as_date(since).date(), as_date(view.period.until).date())
    if not sales:
        return None
    compared = view.compared
    frame = view.kept("sale days", lambda: growth.sale_days_apart(entries, view.period, compared, sales))
    known = keyed(frame[frame["status"] == OK], "part")
    sentence, figures = "", NO_FIGURES
    if {"sale", "other"} <= set(known.index):
        sentence = say(
            "growth.say.sale_days",
            sale=_change_in_words(view, known.loc["sale", "change"]),
            other=_change_in_words(view, known.loc["other", "change"]),
            days=int(known.loc["sale", "days"]),
            days_before=int(known.loc["sale", "days_before"]),
        )
        names, values = [], []
        for part in known.index:
            for effect in ("pace_effect", "days_effect"):
                if abs(known.loc[part, effect]) < 0.5:
                    continue
                names.append(say(f"growth.part.{part}_{effect}"))
                values.append(float(known.loc[part, effect]))
        figures = (_steps(view, names, values, known["turnover_before"].sum(), known["turnover"].sum()),)
    table = Table(
        "sale-days",
        frame,
        (
            Column("part", "kind_of_day", words=lambda part: say(f"growth.part.{part}_days")),
            Column("days", "days", "number"),
            Column("days_before", "days_before", "number"),
            Column("value", "per_day", "cents"),
            Column("value_before", "per_day_before", "cents"),
            Column("change", "change", "change"),
            Column("turnover", "net_turnover", "money"),
            Column("turnover_before", "compared_turnover", "money"),
        ),
        say.currency,
    )
    return Card(
        "growth.calendar",
        sentence,
        _rows(view, int(frame["n"].sum()), "orders"),
        figures,
        table,
        reasons(frame),
        term="like_for_like",
    )


def cause_sentence(view: View, cause: pd.Series) -> str:
    """Why turnover moved, as an owner would say it: the cause, how much it weighs, how sure that is."""
    return view.say(
        "growth.say.cause",
        cause=_cause(view, cause),
        money=view.say.money(cause["value"], decimals=0, signed=True),
        certainty=view.say(f"growth.certainty.{cause['verdict']}"),
    )


def _cause(view: View, cause: pd.Series) -> str:
    direction = "up" if cause["value"] > 0 else "down"
    return view.say(f"growth.cause.{cause['part']}.{direction}")


def compared_in_words(view: View) -> str:
    """What the period is compared with: "Dec 2024 – Nov 2025"."""
    assert view.compared is not None
    return view.say.period(as_date(view.compared.since), as_date(view.compared.until))


def _nothing_to_compare(name: str) -> Card:
    return Card(f"growth.change_{name}", "", missing=("growth.missing.nothing_before",))


def _rows(view: View, n: int, unit: str) -> Rows:
    assert view.compared is not None
    return Rows(n, unit, as_date(min(view.compared.since, view.period.since)), as_date(view.period.until))


def _moved(view: View, frame: pd.DataFrame) -> str:
    """By how much turnover moved, and against what."""
    if not frame["value"].notna().any():
        return ""
    say, row = view.say, first_row(frame)
    moved = float(row["after"] - row["before"])
    return say(
        "growth.say.moved",
        before=say.money(row["before"], decimals=0),
        after=say.money(row["after"], decimals=0),
        change=say.money(moved, decimals=0, signed=True),
        compared=compared_in_words(view),
    )


def _figures(view: View, frame: pd.DataFrame) -> tuple[charts.Figure, ...]:
    known = frame[frame["value"].notna() & (frame["value"].abs() >= 0.5)]
    if not frame["value"].notna().any():
        return ()
    row = first_row(frame)
    names = [view.say(f"growth.part.{part}") for part in known["part"]]
    return (_steps(view, names, known["value"].tolist(), row["before"], row["after"]),)


def _steps(view: View, names: list[str], values: list[float], before: float, after: float) -> charts.Figure:
    say = view.say
    ends = (compared_in_words(view), say.period(as_date(view.period.since), as_date(view.period.until)))
    return charts.money_waterfall(
        say,
        [ends[0], *names, ends[1]],
        [float(before), *values, float(after)],
        [True, *[False] * len(values), True],
    )


def _parts_table(view: View, frame: pd.DataFrame, name: str) -> Table | None:
    say = view.say
    if not frame["value"].notna().any():
        return None
    columns = [
        Column("part", "part", words=lambda part: say(f"growth.part.{part}")),
        Column("value", "change_money", "cents"),
        Column("share", "share_of_before", "change"),
        Column("n", "cases", "number"),
    ]
    return Table(name, frame, tuple(columns), say.currency)


def _change_in_words(view: View, fraction: float) -> str:
    return view.say("common.unknown") if pd.isna(fraction) else view.say.percent(fraction, signed=True)

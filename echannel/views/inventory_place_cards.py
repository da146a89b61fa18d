"""Cards on places and promises: what lies idle here and lacks there, what a firm can be promised by when."""

from __future__ import annotations

import pandas as pd

from echannel.metrics.inventory.promises import available_to_promise
from echannel.metrics.inventory.transfers import outflow_shares, transfers
from echannel.metrics.result import OK
from echannel.views.cards import Card, steady
from echannel.views.context import View
from echannel.views.frames import first_row
from echannel.views.inventory_facts import as_days, rows, stock
from echannel.views.inventory_plan import base_plan
from echannel.views.tables import MOST_ROWS, Column, Table


@steady
def moves(view: View) -> Card | None:
    """What to send from one place to another; nothing where all stock lies in one place."""
    say, inventory = view.say, stock(view)
    places = inventory.locations["location"].nunique()
    if places < 2:
        return None
    shares = outflow_shares(inventory.levels, inventory.units.index)
    frame = transfers(inventory.locations, shares, base_plan(view).policies, inventory.items)
    missing: tuple[str, ...] = ()
    sentence = say("inventory.say.nothing_to_move")
    if shares.empty:
        sentence, missing = "", ("inventory.missing.one_count",)
    elif len(frame):
        first = first_row(frame)
        sentence = say(
            "inventory.say.moves",
            n=len(frame),
            quantity=say.number(first["value"]),
            product=view.product(first["product_id"]),
            source=first["from_location"],
            target=first["to_location"],
        )
    table = Table(
        "transfers",
        frame.head(MOST_ROWS),
        (
            Column("product_id", "product", words=view.product),
            Column("value", "move_units", "number"),
            Column("from_location", "from_place"),
            Column("to_location", "to_place"),
            Column("from_available", "there_now", "number"),
            Column("to_available", "here_now", "number"),
            Column("to_days", "lasts_days", "decimal"),
            Column("saves", "need_not_buy", "money"),
        ),
        say.currency,
    )
    return Card(
        "inventory.moves",
        sentence,
        rows(view, places, "places"),
        table=table if len(frame) else None,
        missing=missing,
    )


@steady
def promises(view: View) -> Card | None:
    """What can be promised, and from when there is more; only where the SME sells to firms."""
    if "b2b" not in view.kinds:
        return None
    say, inventory = view.say, stock(view)
    steps = available_to_promise(inventory.items, inventory.position, inventory.purchases, inventory.today)
    known = steps[(steps["status"] == OK).to_numpy()]
    if known.empty:
        return Card("inventory.promises", "", rows(view, 0, "stocked"), missing=("reason.stock_missing",))
    now = known.drop_duplicates("product_id")
    later = known[known.duplicated("product_id").to_numpy()].drop_duplicates("product_id")
    frame = now.merge(
        later[["product_id", "day", "value"]], on="product_id", how="left", suffixes=("", "_then")
    )
    frame["reserved"] = inventory.position["reserved"].reindex(frame["product_id"]).to_numpy()
    frame["lead_time_days"] = inventory.items["lead_time_days"].reindex(frame["product_id"]).to_numpy()
    nothing = int((frame["value"] <= 0).sum())
    helped = int(((frame["value"] <= 0) & frame["day_then"].notna()).sum())
    sentence = say("inventory.say.promises", n=int((frame["value"] > 0).sum()))
    if nothing:
        sentence += " " + say("inventory.say.no_promise", n=nothing, helped=helped)
    table = Table(
        "promises",
        _sorted(frame).head(MOST_ROWS),
        (
            Column("product_id", "product", words=view.product),
            Column("value", "promise_now", "number"),
            Column("reserved", "reserved", "number"),
            Column("date", "promise_day", "day", absent="nothing"),
            Column("value_then", "promise_then", "number", absent="nothing"),
            Column("lead_time_days", "promise_else", "number"),
        ),
    )
    return Card("inventory.promises", sentence, rows(view, len(frame), "stocked"), table=table)


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    """What cannot be promised first, then what is reserved."""
    ordered = frame.sort_values(["value", "reserved"], ascending=[True, False], kind="stable")
    return ordered.assign(date=as_days(ordered["day_then"]), nothing="–")

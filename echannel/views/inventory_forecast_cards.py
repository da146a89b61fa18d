"""How good the forecasts are: their error on weeks that they had not seen, and how often their bands held."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.inventory.panels import WEEK, weekly_rates
from echannel.metrics.result import OK
from echannel.metrics.turnover import as_date
from echannel.views import charts, curves, theme
from echannel.views.cards import NO_FIGURES, Card, reasons, steady
from echannel.views.context import View
from echannel.views.inventory_facts import rows, stock
from echannel.views.inventory_plan import base_plan
from echannel.views.tables import MOST_ROWS, Column, Table

_PAST_WEEKS = 52


@steady
def quality(view: View) -> Card:
    """The forecasts' record, and the most important product's forecast with its band."""
    say, forecasts = view.say, view.sme.inventory_forecasts
    choice = forecasts.choice
    told = choice[(choice["status"] == OK).to_numpy()]
    tested = told[told["mase"].notna().to_numpy()]
    sentence, figures = "", NO_FIGURES
    if len(tested):
        weight = tested["per_week"].clip(lower=0)
        sentence = say(
            "inventory.say.forecast",
            n=len(told),
            better=say.percent(float((tested["mase"] < 1).mean()), 0),
            mase=say.number(float(tested["mase"].median()), 2),
        )
        sentence += _coverage(view)
        first = _shown_product(view, told, weight)
        if first is not None:
            figures = (_fan(view, first),)
    elif len(told):
        sentence = say("inventory.say.forecast_untested", n=len(told))
    table = Table(
        "forecasts",
        told.reset_index().sort_values("per_week", ascending=False).head(MOST_ROWS),
        (
            Column("product_id", "product", words=view.product),
            Column("per_week", "forecast_week", "decimal"),
            Column("sd_week", "forecast_error", "decimal"),
            Column("mase", "mase", "decimal"),
            Column("model", "model", words=lambda name: say(f"inventory.model.{name}")),
            Column("n", "weeks_known", "number"),
        ),
    )
    return Card(
        "inventory.quality",
        sentence,
        rows(view, len(told), "forecasts"),
        figures,
        table if len(told) else None,
        reasons(choice) if not len(told) else (),
        term="forecast",
    )


def _coverage(view: View) -> str:
    """How often reality fell into the bands of 80 % and 95 %."""
    say, frame = view.say, view.sme.inventory_forecasts.coverage
    known = frame[(frame["status"] == OK).to_numpy()]
    if known.empty:
        return ""
    parts = [
        say(
            "inventory.say.coverage",
            level=say.percent(row["level"], 0),
            share=say.percent(row["value"], 0),
        )
        for _, row in known.iterrows()
    ]
    return " " + say("inventory.say.bands", parts=parts)


def _shown_product(view: View, told: pd.DataFrame, weight: pd.Series) -> str | None:
    """The product whose forecast matters most: the largest by the measure of the classes."""
    value = base_plan(view).classes["value"].reindex(told.index).fillna(0.0)
    best = value if (value > 0).any() else weight.reindex(told.index).fillna(0.0)
    return str(best.index[int(np.argmax(best.to_numpy()))]) if len(best) else None


def _fan(view: View, product_id: str) -> charts.Figure:
    say, inventory = view.say, stock(view)
    paths = view.sme.inventory_forecasts.paths
    path = paths[(paths["product_id"] == product_id).to_numpy()].sort_values("week")
    past = weekly_rates(inventory.units.loc[[product_id]], inventory.in_stock.loc[[product_id]])
    past = past.iloc[:, -_PAST_WEEKS:]
    weeks = [*past.columns, *path["week"]]
    gap, after = [np.nan] * past.shape[1], [np.nan] * len(path)
    days = [as_date(int(week)) for week in weeks]
    return curves.over_scale(
        list(range(len(weeks))),
        [say.period(day, day + pd.Timedelta(days=WEEK - 1)) for day in days],
        [
            charts.Series(say("inventory.series.demand"), [*past.iloc[0].tolist(), *after], theme.MAIN),
            charts.Series(
                say("inventory.series.forecast", product=view.product(product_id)),
                [*gap, *path["mean"].tolist()],
                theme.SECOND,
                dash="dash",
            ),
        ],
        lambda units: say("inventory.units_a_week", n=round(float(units), 1)),
        curves.day_axis(say, days),
        lambda units: say.number(units, 0 if float(units).is_integer() else 1),
        spreads=[
            curves.Spread(
                say("inventory.series.band", level=say.percent(0.8, 0)),
                [*gap, *path["low80"].tolist()],
                [*gap, *path["high80"].tolist()],
            )
        ],
        narrow_axis=curves.day_axis(say, days, most=4),
    )

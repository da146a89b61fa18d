"""Cards on how markets are ranked: other methods, what counts how much, what size and distance suggest."""

from __future__ import annotations

from functools import partial

import pandas as pd

from echannel.metrics.market import ranking as methods
from echannel.metrics.market.criteria import PRESETS, preset
from echannel.metrics.market.gravity import PUBLISHED_YEAR, published_pull
from echannel.metrics.market.imports import import_potential
from echannel.metrics.result import OK
from echannel.views import charts
from echannel.views.cards import NO_FIGURES, Card, Rows, moved_by
from echannel.views.context import View
from echannel.views.market_facts import (
    compared,
    country,
    kind_of,
    of_weights,
    ranking,
    trade,
    used_weights,
    weights_of,
)
from echannel.views.market_words import band_words, figure_words, in_a_sentence
from echannel.views.tables import Column, Table

STRONGEST = 10  # markets in the chart of what size and distance suggest


@moved_by(of_weights)
def other_ways(view: View) -> Card:
    """Whether another method, other customers or weights from the figures alone put another market first."""
    say, ways = view.say, view.kept("market ways", lambda: _ways(view))
    frame = pd.DataFrame(ways).sort_values("chosen", kind="stable")
    frame = frame[frame["chosen"].notna()].rename_axis("market").reset_index()
    placed = ranking(view).loc[frame["market"]]
    frame["band"] = [band_words(say, row) for _, row in placed.iterrows()]
    others = [name for name in ways if name != "chosen"]
    sentence = ""
    if len(frame):
        winner = str(frame["market"].iloc[0])
        firsts = [str(frame["market"].iloc[int(frame[name].to_numpy().argmin())]) for name in others]
        differ = [country(view, code) for code in sorted({*firsts} - {winner})]
        agree, name = firsts.count(winner), country(view, winner)
        sentence = (
            say("market.say.some_agree", n=agree, all=len(others), market=name, others=differ)
            if differ
            else say("market.say.all_agree", n=len(others), market=name)
        )
    table = Table(
        "market-methods",
        frame,
        (
            Column("market", "country", words=partial(country, view)),
            Column("band", "market_places"),
            *(Column(name, f"market_by_{name}", "number") for name in others),
        ),
    )
    return Card(
        "market.other_ways",
        sentence,
        Rows(len(frame), "markets"),
        NO_FIGURES,
        table,
        sources=say("market.say.sources"),
    )


def _ways(view: View) -> dict[str, pd.Series]:
    """Every market's place by the way chosen, by each method, and by other weights."""
    found = compared(view)
    ways: dict[str, pd.Series] = {"chosen": ranking(view)["rank"]}
    for method in methods.METHODS:
        ways[method] = methods.rank_by(
            method, found.compared, weights_of(view), found.directions, found.bounds
        )["rank"]
    for kind in PRESETS:
        ways[f"preset_{kind}"] = methods.weighted_sum(
            found.compared, preset(kind), found.directions, bounds=found.bounds
        )["rank"]
    entropy = entropy_of(view)
    if entropy.sum() > 0:
        ways["entropy"] = methods.weighted_sum(
            found.compared, entropy, found.directions, bounds=found.bounds
        )["rank"]
    return ways


def entropy_of(view: View) -> pd.Series:
    """Weights from the figures alone; criteria that the reader gave no weight keep none."""
    found = compared(view)
    values = methods.scaled(found.compared, found.directions, found.bounds)
    weights = methods.entropy_weights(values).fillna(0.0)
    asked = pd.Series(weights_of(view)).reindex(weights.index).fillna(0.0)
    return weights.where(asked > 0, 0.0)


@moved_by(of_weights)
def what_counts(view: View) -> Card:
    """How much each criterion counts, why, and what the figures alone would say."""
    say, weights = view.say, used_weights(view)
    entropy = entropy_of(view)
    frame = pd.DataFrame(
        {
            "criterion": weights.index,
            "weight": weights.to_numpy(),
            "entropy": entropy.reindex(weights.index).to_numpy(),
            "known": compared(view).figures[list(weights.index)].notna().mean().to_numpy(),
        }
    )
    top = [
        say(
            "market.say.criterion_share",
            criterion=in_a_sentence(say(f"market.criterion.{row['criterion']}")),
            share=say.percent(row["weight"], 0),
        )
        for _, row in frame.head(3).iterrows()
    ]
    moved = len(view.choice.market.weights)
    preset_words = say(f"market.preset.{kind_of(view)}")
    sentence = say("market.say.counts_most", criteria=top) + " "
    sentence += (
        say("market.say.weights_moved", n=moved)
        if moved
        else say("market.say.weights_preset", preset=preset_words)
    )
    figures = (
        charts.ranked(
            [say(f"market.criterion.{name}") for name in frame["criterion"]],
            frame["weight"].tolist(),
            lambda value: say.percent(value, 0),
        ),
    )
    table = Table(
        "market-weights",
        frame.assign(about=frame["criterion"]),
        (
            Column("criterion", "market_criterion", words=lambda name: say(f"market.criterion.{name}")),
            Column("weight", "market_weight", "percent"),
            Column("entropy", "market_entropy", "percent"),
            Column("known", "market_known_of", "percent"),
            Column(
                "about",
                "market_why_counts",
                words=lambda name: say(f"market.criterion_why.{name}"),
                long=True,
            ),
        ),
    )
    return Card(
        "market.what_counts",
        sentence,
        Rows(len(frame), "criteria"),
        figures,
        table,
        sources=say("market.say.sources"),
    )


@moved_by(of_weights)
def potential(view: View) -> Card:
    """What markets ought to import of the firm's goods; without such figures, what size suggests."""
    flows = trade(view)
    return _by_trade(view, flows) if len(flows) else _by_published(view)


def _by_trade(view: View, flows: pd.DataFrame) -> Card:
    """What each market would import by its size, income and distance, and what it does (PPML)."""
    say, figures_of = view.say, compared(view).figures
    abroad = flows[flows["market"].isin(figures_of.index)]
    model, found = view.once(
        f"market potential {len(figures_of)} {abroad['value'].sum()}",
        lambda: import_potential(abroad, figures_of["size"], figures_of["income"], figures_of["distance"]),
    )
    known = found[(found["status"] == OK).to_numpy()]
    shown = known[known["unrealised"] > 0].head(STRONGEST)
    code = str(flows["hs_code"].iloc[0])
    sentence, figures = "", NO_FIGURES
    if len(shown):
        names = [country(view, market) for market in shown.index[:3]]
        sentence = say("market.say.below_potential", markets=names, code=code)
        figures = (
            charts.ranked(
                [country(view, market) for market in shown.index],
                (shown["unrealised"] / 1e6).tolist(),
                lambda value: say("market.unit.millions", value=say.number(value, 1)),
            ),
        )
    table = Table(
        "market-potential",
        found.assign(
            market=found.index,
            year=found["year"].astype("int64").astype(str),
            **{name: found[name] / 1e6 for name in ("actual", "expected", "unrealised")},
        ),
        (
            Column("market", "country", words=partial(country, view)),
            Column("year", "market_year"),
            Column("actual", "market_imports", "decimal"),
            Column("expected", "market_imports_expected", "decimal"),
            Column("unrealised", "market_imports_missing", "decimal"),
        ),
    )
    missing = (model.reason,) if model.reason else ()
    note = say("market.say.potential_note", code=code)
    return Card(
        "market.potential",
        sentence,
        Rows(model.n, "rows"),
        figures,
        table,
        missing,
        note=note,
        sources=say("market.say.trade_sources"),
    )


def _by_published(view: View) -> Card:
    """The pull of size and distance with coefficients of 1990 data; it names no amount."""
    say, found = view.say, compared(view).figures
    pull = published_pull(found["size"], found["distance"]).dropna().sort_values(ascending=False)
    shown = pull.head(STRONGEST)
    sentence, figures = "", NO_FIGURES
    if len(shown):
        names = [country(view, code) for code in shown.index[:3]]
        sentence = say("market.say.pull", markets=names, year=str(PUBLISHED_YEAR))
        figures = (
            charts.ranked(
                [country(view, code) for code in shown.index],
                (100 * shown).tolist(),
                lambda value: say.number(value, 0),
            ),
        )
    table = Table(
        "market-pull",
        pd.DataFrame(
            {
                "market": pull.index,
                "pull": 100 * pull.to_numpy(),
                "distance": found["distance"][pull.index].to_numpy(),
            }
        ),
        (
            Column("market", "country", words=partial(country, view)),
            Column("pull", "market_pull", "decimal"),
            Column("distance", "market_distance", words=partial(figure_words, say, "distance")),
        ),
    )
    return Card(
        "market.potential",
        sentence,
        Rows(len(pull), "markets"),
        figures,
        table,
        ("reason.trade_data_missing",),
        note=say("market.say.pull_note", year=str(PUBLISHED_YEAR)),
        sources=say("market.say.sources"),
    )

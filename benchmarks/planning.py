"""How long a plan takes: forecast, choice, plan, ten thousand paths of one firm; a lever's redraw; the loop.

``python -m benchmarks.planning [PATHS]`` (default 10 000). The firm is made up: 36 months of history, people
and firms as customers, staff, a loan, stock, French VAT and corporation tax. The loop builds the same plan
path by path, from the same draws, on some of them. All in one process, CPU time.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.planning_firm import firm
from echannel.countries import country_pack
from echannel.countries.plan_rules import TaxFacts, plan_rules
from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.goal_seek import Target, solve
from echannel.metrics.planning.history import month_calendar
from echannel.metrics.planning.inputs import PlanInputs
from echannel.metrics.planning.levers import moved
from echannel.metrics.planning.monte_carlo import PATHS, SEED, cash_of, drawn, read, simulate, unforeseen
from echannel.metrics.planning.rules import PlanRules
from echannel.metrics.planning.scenarios import SCENARIOS, applied
from echannel.metrics.planning.sensitivity import tornado
from echannel.metrics.planning.turnover_forecast import TurnoverForecast, forecast_turnover
from echannel.metrics.planning.uncertainty import usual_spread

FIRST, HISTORY, AHEAD = (2023 - 1970) * 12 + 10, 36, 36
START = FIRST + HISTORY
LOOP, REDRAWS, FEWER = 200, 9, 1_000
OVERDRAFT = 0.14


def history() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A firm's months, and its country's calendar over past and plan."""
    month = np.arange(FIRST, START)
    rng = np.random.default_rng(3)
    season = 1 + 0.35 * np.cos(2 * np.pi * (month % 12 - 11) / 12)
    turnover = 24_000 * season * 1.005 ** np.arange(HISTORY) * np.exp(rng.normal(0, 0.08, HISTORY))
    frame = pd.DataFrame({"month": month, "turnover": turnover, "complete": True, "gap": False})
    frame = frame.assign(orders=(turnover / 70).astype(int))
    since, until = (pd.Timestamp(0) + pd.DateOffset(months=int(one)) for one in (FIRST, START + AHEAD))
    periods = country_pack("FR").sale_periods_between(since.date(), until.date())
    return frame, month_calendar(FIRST, START + AHEAD, periods)


def seconds(work: Callable[[], object]) -> tuple[float, object]:
    """CPU seconds that some work takes, and what it returns."""
    started = time.process_time()
    made = work()
    return time.process_time() - started, made


def loop(inputs: PlanInputs, rules: PlanRules, forecast: TurnoverForecast, paths: int) -> float:
    """Seconds per path of a plan built path by path from the same draws; checks that cash is the same."""
    draws = drawn(inputs, forecast, usual_spread(inputs), paths, SEED)
    whole = cash_of(inputs, rules, draws)
    cash, known = np.empty_like(whole), unforeseen(inputs)

    def one_by_one() -> None:
        for at in range(paths):
            part = draws.part(slice(at, at + 1))
            own = {name: one if name == "volume" else float(one[0, 0]) for name, one in part.items()}
            cash[at] = build_plan(moved(known, own), rules, keep=("cash",)).line("cash")

    spent, _ = seconds(one_by_one)
    assert np.allclose(cash, whole, atol=0.02)
    return spent / paths


def main() -> None:
    """Prints every figure."""
    paths = int(sys.argv[1]) if len(sys.argv) > 1 else PATHS
    months, calendar = history()
    rules = plan_rules(country_pack("FR"), TaxFacts("reel_normal"), START, AHEAD)
    import scipy.special  # noqa: F401  (the goals count from after the imports)

    forecast_turnover(months.head(8), calendar, 3)  # and the forecasts' own libraries
    at_forecast, found = seconds(lambda: forecast_turnover(months, calendar, AHEAD))
    assert isinstance(found, TurnoverForecast)
    sold = found.mean[None, :AHEAD]
    inputs = firm(sold * 0.8, sold * 0.2, START, overdraft=OVERDRAFT)
    spread = usual_spread(inputs)
    build_plan(inputs, rules)
    at_plan, _ = seconds(lambda: build_plan(inputs, rules))
    at_paths, _ = seconds(lambda: simulate(inputs, rules, found, spread, paths))
    print(f"forecast and choice {at_forecast:6.2f} s")
    print(f"plan                {at_plan:6.3f} s")
    print(f"{paths:6} paths        {at_paths:6.2f} s")
    print(f"together            {at_forecast + at_plan + at_paths:6.2f} s of CPU   (goal 5)")

    draws = drawn(inputs, found, spread, paths, SEED)
    at_cash, cash = seconds(lambda: cash_of(inputs, rules, draws))
    at_reading, _ = seconds(lambda: read(inputs, draws, np.asarray(cash)))
    each = loop(inputs, rules, found, min(LOOP, paths))
    print(f"paths at once {at_cash:5.2f} s, read {at_reading:5.2f} s; in a loop {each * paths:6.1f} s")
    print(f"ratio {each * paths / at_cash:5.0f}   (goal 50)")

    redraws = []
    for at in range(REDRAWS):
        levers = {"conversion": 0.9 + 0.02 * at, "margin": 0.01}

        def redraw(levers: dict[str, float] = levers) -> None:
            tried = applied(inputs, SCENARIOS[0], levers, found, spread)
            build_plan(tried, rules)
            simulate(tried, rules, found, spread, FEWER)

        redraws.append(seconds(redraw)[0])
    print(f"a lever: plan and {FEWER} paths {1000 * statistics.median(redraws):4.0f} ms   (goal 300)")
    at_tornado, _ = seconds(lambda: tornado(inputs, rules, found, spread))
    at_goal, _ = seconds(lambda: solve(inputs, rules, "conversion", Target("break_even", by=START + 7)))
    print(f"what matters most {1000 * at_tornado:4.0f} ms, one goal {1000 * at_goal:4.0f} ms")


if __name__ == "__main__":
    main()

"""Lifetime value: published parameters, a simulated market, and formulas in their simple cases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from customer_shops import bought, cdnow, shop, uci_online_retail
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import hyp2f1

from echannel.metrics import lifetime
from echannel.metrics.lifetime import BgNbd, GammaGamma

PUBLISHED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, log_likelihood=-9582.4, customers=2357)
END_OF_WEEK_39 = (pd.Timestamp("1997-09-30") - pd.Timestamp(0)).days


@pytest.fixture(scope="module")
def cdnow_sales():
    return cdnow()


@pytest.fixture(scope="module")
def first_39_weeks(cdnow_sales):
    return lifetime.purchase_history(cdnow_sales, until=END_OF_WEEK_39)


@pytest.fixture(scope="module")
def fitted(first_39_weeks):
    return lifetime.fit_bgnbd(*columns(first_39_weeks))


def columns(history):
    return (history[name].to_numpy(dtype=float) for name in ("x", "t_x", "T"))


def test_cdnow_parameters_as_published(fitted):
    assert fitted.customers == 2_357
    assert fitted.r == pytest.approx(0.243, abs=5e-4)
    assert fitted.alpha == pytest.approx(4.414, abs=5e-4)
    assert fitted.a == pytest.approx(0.793, abs=5e-4)
    assert fitted.b == pytest.approx(2.426, abs=5e-4)
    assert fitted.log_likelihood == pytest.approx(-9582.4, abs=0.05)


def test_cdnow_spending_as_published(first_39_weeks):
    # Fader and Hardie (2013): p 6.25, q 3.74, v 15.44 on the 946 customers who came back.
    model = lifetime.fit_gamma_gamma(first_39_weeks["x"].to_numpy(), first_39_weeks["monetary"].to_numpy())
    assert model.customers == 946
    assert [model.p, model.q, model.v] == pytest.approx([6.25, 3.74, 15.44], abs=0.01)


def test_cdnow_weeks_40_to_78_are_foretold(fitted, first_39_weeks, cdnow_sales):
    later = lifetime.purchase_history(cdnow_sales).set_index("customer_id")["x"]
    before = first_39_weeks.set_index("customer_id")["x"]
    came = later.reindex(before.index) - before
    expected = lifetime.expected_purchases(fitted, 39, *columns(first_39_weeks))
    assert came.sum() == 1_882
    # The paper: cumulative repeat purchases after 78 weeks are foretold 4 % too low.
    foretold = (expected.sum() + before.sum()) / (came.sum() + before.sum())
    assert foretold == pytest.approx(0.95, abs=0.02)
    frequency = np.minimum(before.to_numpy(), 7)
    by_frequency = pd.DataFrame({"expected": expected, "came": came.to_numpy()}).groupby(frequency).mean()
    assert (by_frequency["expected"] - by_frequency["came"]).abs().max() < 0.7
    assert np.corrcoef(by_frequency["expected"], by_frequency["came"])[0, 1] > 0.99


def test_cdnow_customer_1516_of_the_paper_s_worked_example():
    one = (np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert lifetime.expected_purchases(PUBLISHED, 39, *one)[0] == pytest.approx(1.226, abs=5e-4)


def simulated(r, alpha, a, b, customers, seed):
    """Purchase histories made by the model's own story, one purchase after the other."""
    random = np.random.default_rng(seed)
    length = random.uniform(30, 80, customers)
    rate = random.gamma(r, 1 / alpha, customers)
    leave = random.beta(a, b, customers)
    x, t_x, later = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    now, here = np.zeros(customers), np.ones(customers, dtype=bool)
    while here.any():
        now[here] += random.exponential(1 / rate[here])
        known = here & (now <= length)
        x[known] += 1
        t_x[known] = now[known]
        later[here & (now > length) & (now <= length + 26)] += 1
        here &= (now <= length + 26) & (random.random(customers) > leave)
    return x, t_x, length, later


def test_a_simulated_market_gives_its_parameters_and_its_future_back():
    truth = {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 3.0}
    x, t_x, T, later = simulated(**truth, customers=20_000, seed=7)
    model = lifetime.fit_bgnbd(x, t_x, T)
    assert model.r == pytest.approx(truth["r"], rel=0.1)
    assert model.alpha == pytest.approx(truth["alpha"], rel=0.1)
    assert model.b is not None
    assert model.a / (model.a + model.b) == pytest.approx(0.9 / 3.9, rel=0.1)
    expected = lifetime.expected_purchases(model, 26, x, t_x, T)
    assert expected.sum() == pytest.approx(later.sum(), rel=0.05)
    for lowest, highest in ((0, 0), (1, 2), (3, 6), (7, 1000)):
        part = (x >= lowest) & (x <= highest)
        assert expected[part].mean() == pytest.approx(later[part].mean(), rel=0.12)


def test_where_nobody_leaves_there_is_no_b():
    random = np.random.default_rng(3)
    T = random.uniform(20, 60, 3_000)
    rate = random.gamma(1.5, 1 / 8, 3_000)
    x = random.poisson(rate * T)
    t_x = np.where(x > 0, T * random.random(3_000) ** (1 / np.maximum(x, 1)), 0)  # the last of x
    model = lifetime.fit_bgnbd(x, t_x, T)
    assert model.b is None and model.a == 0
    assert (lifetime.probability_alive(model, x, t_x, T) == 1).all()
    expected = lifetime.expected_purchases(model, 10, x, t_x, T)
    assert expected == pytest.approx((model.r + x) / (model.alpha + T) * 10)


def test_online_retail_gives_no_b():
    result = lifetime.lifetime_value(uci_online_retail())
    assert result.bgnbd is not None and result.bgnbd.b is None
    assert set(result.summary["status"]) == {"ok"}


def test_alive_is_certain_before_a_second_purchase_and_falls_with_silence():
    T = np.full(20, 100.0)
    assert (lifetime.probability_alive(PUBLISHED, np.zeros(20), np.zeros(20), T) == 1).all()
    silence = lifetime.probability_alive(PUBLISHED, np.full(20, 5), np.linspace(1, 100, 20), T)
    assert (np.diff(silence) > 0).all() and 0 < silence[0] < silence[-1] < 1
    just_bought = lifetime.probability_alive(PUBLISHED, np.array([5.0]), T[:1], T[:1])
    assert just_bought[0] == pytest.approx((PUBLISHED.b + 4) / (PUBLISHED.b + 4 + PUBLISHED.a))


@pytest.mark.parametrize("a", [0.3, 0.793, 1.0, 1.7, 4.0])
def test_expected_purchases_are_the_integral_of_the_rate_of_those_still_there(a):
    """E[X(t)] = ∫ E[λ·P(alive at s)] ds, with P(alive) = exp(−λ p s) and λ, p averaged over their spread."""
    model = BgNbd(0.7, 5.0, a, 2.0, np.nan, 1)

    def per_week(p, s):
        weight = p ** (a - 1) * (1 - p) ** (model.b - 1)
        return weight * model.r * model.alpha**model.r / (model.alpha + p * s) ** (model.r + 1)

    scale = quad(lambda p: p ** (a - 1) * (1 - p) ** (model.b - 1), 0, 1)[0]
    total = quad(lambda s: quad(per_week, 0, 1, args=(s,))[0], 0, 30)[0] / scale
    new = np.zeros(1)
    assert lifetime.expected_purchases(model, 30.0, new, new, new)[0] == pytest.approx(total, rel=1e-4)


def test_the_paper_s_own_equation_gives_the_same_where_it_can_be_computed():
    model, t = PUBLISHED, 39.0
    x, t_x, T = np.array([0, 1, 2, 7.0]), np.array([0, 5, 30.43, 33.0]), np.array([20, 39, 38.86, 38.0])
    c = model.a + model.b + x - 1
    z = t / (model.alpha + T + t)
    series = hyp2f1(model.r + x, model.b + x, c, z)
    fall = ((model.alpha + T) / (model.alpha + T + t)) ** (model.r + x)
    left = (x > 0) * model.a / (model.b + np.maximum(x, 1) - 1)
    left = left * ((model.alpha + T) / (model.alpha + t_x)) ** (model.r + x)
    paper = c / (model.a - 1) * (1 - fall * series) / (1 + left)
    assert lifetime.expected_purchases(model, t, x, t_x, T) == pytest.approx(paper, rel=1e-9)


def test_frequent_customers_stay_finite():
    x, T = np.array([500.0, 5000.0]), np.array([500.0, 700.0])
    expected = lifetime.expected_purchases(PUBLISHED, 52, x, T - 1, T)
    assert np.isfinite(expected).all() and (expected > 0).all()
    gone = lifetime.probability_alive(PUBLISHED, x, np.array([1.0, 1.0]), T)
    assert (gone >= 0).all() and (gone < 1e-6).all()


@given(
    st.tuples(*(st.floats(-4, 4) for _ in range(4))),
    st.integers(0, 2_000),
    st.floats(0, 1),
    st.floats(0.1, 300),
    st.floats(0.1, 300),
)
def test_nobody_is_expected_to_buy_more_than_if_nobody_could_leave(logs, x, part, T, weeks):
    r, alpha, a, b = np.exp(logs)
    model = BgNbd(r, alpha, a, b, np.nan, 1)
    one = (np.array([x]), np.array([T * part if x else 0.0]), np.array([T]))
    expected = lifetime.expected_purchases(model, weeks, *one)[0]
    most = lifetime.probability_alive(model, *one)[0] * (r + x) / (alpha + T) * weeks
    assert -1e-9 <= expected <= most * (1 + 1e-6) + 1e-9
    assert expected <= lifetime.expected_purchases(model, weeks * 2, *one)[0] + 1e-9


def test_slopes_are_those_of_the_likelihoods():
    x, t_x, T, _ = simulated(0.8, 6.0, 0.9, 3.0, 300, 1)
    rows, weights, means = np.array([x, t_x, T]), np.ones(len(x)), np.exp(np.linspace(-1, 2, 300))
    params = np.array([0.7, 5.0, 0.6, 2.0])
    cases = [
        (lambda p: lifetime._bgnbd_likelihood(p, rows, weights), params),
        (lambda p: lifetime._nbd_likelihood(p, rows, weights), params[:2]),
        (lambda p: lifetime._gamma_gamma_likelihood(p, x + 1, means), params[:3] + 1),
    ]
    for likelihood, at in cases:
        slope = likelihood(at)[1]
        for i, step in enumerate(np.eye(len(at)) * 1e-6):
            rise = (likelihood(at + step)[0] - likelihood(at - step)[0]) / 2e-6
            assert slope[i] == pytest.approx(rise, rel=1e-4, abs=1e-4)


def test_expected_value_lies_between_a_customer_s_own_mean_and_that_of_all():
    model = GammaGamma(6.25, 3.74, 15.44, np.nan, 946)
    overall = model.p * model.v / (model.q - 1)
    assert lifetime.expected_value(model, np.array([0]), np.array([np.nan]))[0] == pytest.approx(overall)
    value = lifetime.expected_value(model, np.array([1, 10, 1000]), np.full(3, 100.0))
    assert (np.diff(value) > 0).all() and overall < value[0] and value[-1] < 100
    assert value[-1] == pytest.approx(100, rel=0.01)


def test_spending_parameters_of_a_simulated_market_come_back():
    random = np.random.default_rng(11)
    p, q, v = 5.0, 4.0, 20.0
    x = random.integers(1, 15, 20_000)
    scale = random.gamma(q, 1 / v, len(x))
    means = random.gamma(p * x, 1 / (scale * x))
    model = lifetime.fit_gamma_gamma(x, means)
    assert [model.p, model.q, model.v] == pytest.approx([p, q, v], rel=0.1)
    # In pence instead of pounds, only v changes.
    pence = lifetime.fit_gamma_gamma(x, means * 100)
    assert [pence.p, pence.q, pence.v / 100] == pytest.approx([model.p, model.q, model.v], rel=1e-3)


def test_purchase_history_takes_a_day_as_one_purchase_and_leaves_the_first_out_of_the_mean():
    back = {"refund_id": "r", "order_id": "o2", "net_amount": 15.0, "refunded_at": "2024-02-20"}
    sales = bought(
        ("a", "2024-01-01", 100),
        ("a", "2024-01-01", 11),
        ("a", "2024-01-15", 40),
        ("a", "2024-01-29", 25),
        ("b", "2024-01-08", 70),
        refunds=[back],
    )
    history = lifetime.purchase_history(sales).set_index("customer_id")
    # The refund's day, the fiftieth, is the last on record.
    assert history.loc["a", ["x", "t_x", "T", "purchases"]].tolist() == [2, 4, 50 / 7, 3]
    assert history.loc["a", "monetary"] == pytest.approx((40 - 15 + 25) / 2)
    assert history.loc["a", "turnover"] == pytest.approx(100 + 11 + 40 + 25 - 15)
    assert history.loc["b", ["x", "t_x", "T"]].tolist() == [0, 0, 43 / 7]
    assert np.isnan(history.loc["b", "monetary"])


def test_value_is_discounted_grows_with_the_horizon_and_scales_with_the_margin(cdnow_sales):
    plain = lifetime.lifetime_value(cdnow_sales, yearly_discount=0.0)
    discounted = lifetime.lifetime_value(cdnow_sales, yearly_discount=0.10)
    contribution = lifetime.lifetime_value(cdnow_sales, margin=0.4, yearly_discount=0.10)
    assert plain.model == "bg_nbd" and plain.basis == "net_goods" and contribution.basis == "contribution"
    table = plain.customers
    year = table["expected_purchases"] * table["expected_value"]
    assert table["clv_12"].to_numpy() == pytest.approx(year.to_numpy())
    assert (np.diff(discounted.summary["value"]) > 0).all()
    ratio = discounted.summary["total"] / plain.summary["total"]
    assert (ratio < 1).all() and ratio[0] == pytest.approx(1.1**-0.5, rel=0.01)
    assert contribution.summary["total"].to_numpy() == pytest.approx(
        0.4 * discounted.summary["total"].to_numpy()
    )
    assert plain.customers["historic"].sum() == pytest.approx(cdnow_sales.entries["net_goods"].sum())
    assert plain.independent and abs(plain.correlation) < 0.3


def test_with_few_repeat_customers_there_is_history_but_no_forecast():
    result = lifetime.lifetime_value(bought(("a", "2024-01-01", 100), ("a", "2024-02-01", 50)), margin=0.5)
    assert result.model == "historic" and result.bgnbd is None
    assert set(result.summary["status"]) == {"too_few"} and result.summary["value"].isna().all()
    assert result.customers["historic"].tolist() == [75]
    assert result.customers["clv_12"].isna().all()
    assert lifetime.lifetime_value(shop([])).customers.empty

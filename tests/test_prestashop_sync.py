"""A made-up shop through the real sync, into a real store: also what must vanish there, and what must not be
anywhere."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import pytest
from fakes.prestashop import KEY, webservice
from fakes.prestashop_shop import CANARIES, PrestaShop
from fakes.prestashop_trade import delete_line, lines_of, refund, sell, set_state, trading_shop, truth
from fakes.server import Call, FakeServer, Reply
from prestashop_help import Tables, connector, server

from echannel.connectors.prestashop.resources import RESOURCES
from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.metrics.turnover import prepare
from echannel.profiles import load_sme
from echannel.store import SmeStore
from echannel.sync import sync_sme
from echannel.workspace import Workspace

PROFILE = """\
id: lamps
name: Lamps
country: FR
languages: [fr]
orientation: both
currency: EUR
timezone: Europe/Paris
vat: {{regime: reel_normal}}
fiscal_year_start: "01-01"
launch_pad: Lille
sources:
  - id: web
    connector: prestashop
    options: {{address: "{url}", allow_http: true, allow_private: true}}
    secrets: {{key: "env:LAMPS_KEY"}}
"""


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Workspace:
    monkeypatch.setenv("LAMPS_KEY", KEY)
    (tmp_path / "parameters" / "smes").mkdir(parents=True)
    return Workspace(tmp_path)


def write_profile(workspace: Workspace, url: str) -> None:
    path = workspace.parameters / "smes" / "lamps.yml"
    path.write_text(PROFILE.format(url=url), encoding="utf-8")


def net(store: SmeStore) -> float:
    names = ("orders", "order_lines", "refunds", "products", "customers", "visits")
    sales = prepare(*(store.read(name) for name in names), currency="EUR")
    return float(sales.entries["net_invoiced"].sum())


def test_syncs_leave_the_store_with_what_the_shop_has_and_nothing_personal(workspace: Workspace):
    shop = trading_shop(40, seed=11)
    two_lines = sell(shop, state=2, lines=2)
    store = SmeStore(workspace.store / "lamps")
    with server(shop) as served:
        write_profile(workspace, served.url)
        first = sync_sme(workspace, "lamps")
        assert first.refused == 0 and first.kept["orders"] == 41
        assert net(store) == pytest.approx(truth(shop)["invoiced"] - truth(shop)["refunded"], abs=0.01)
        again = sync_sme(workspace, "lamps")
        assert not again.changed
        shop.pass_time(500)
        refund(shop, 5)
        set_state(shop, 6, 6)
        delete_line(shop, two_lines)
        delete_line(shop, two_lines)
        shop.pass_time(1)
        sync_sme(workspace, "lamps")
        assert not lines_of(shop, two_lines)
        assert str(two_lines) not in set(store.read("order_lines")["order_id"])
        assert str(two_lines) in set(store.read("orders")["order_id"])
        assert net(store) == pytest.approx(truth(shop)["invoiced"] - truth(shop)["refunded"], abs=0.01)
        assert _found(workspace.root, [KEY, *CANARIES.values()]) == []


def test_a_shop_that_breaks_off_leaves_the_tables_as_they_were_and_the_key_unsaid(workspace: Workspace):
    shop = trading_shop(15, seed=12)
    store = SmeStore(workspace.store / "lamps")
    with server(shop) as served:
        write_profile(workspace, served.url)
        sync_sme(workspace, "lamps")
        before = store.read("orders")
        sell(shop)
        shop.pass_time(1)
        shop.switched_off = True
        with pytest.raises(UserError) as failure:
            sync_sme(workspace, "lamps")
    assert store.read("orders").equals(before)
    for language in ("en", "fr"):
        said = Speaker(language).error(failure.value)
        assert "127.0.0.1" in said and KEY not in said and "prestashop.error" not in said
    assert load_sme(workspace, "lamps").sources[0].secrets["key"] == "env:LAMPS_KEY"
    assert _found(workspace.root, [KEY]) == []


def _found(root: Path, canaries: list[str]) -> list[tuple[str, str]]:
    """Files below a folder that hold one of some texts, whatever they are."""
    found = []
    for path in root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [(path.name, canary) for canary in canaries if canary.encode() in content]
    return found


@pytest.mark.parametrize("seed", range(2))
def test_a_shop_that_goes_on_selling_while_it_is_read_loses_and_doubles_nothing(monkeypatch, seed):
    monkeypatch.setattr("echannel.connectors.prestashop.service.PAGE", 12)
    shop = trading_shop(60, seed=20 + seed, products=4, customers=6)
    app, guard = webservice(shop), Lock()

    def busy(call: Call) -> Reply:
        with guard:
            if shop.random.random() < 0.5:
                shop.pass_time(1)
                _something_happens(shop)
            return app(call)

    tables = Tables()
    with FakeServer(busy, clock=shop.utc) as served:
        tables.sync(connector(served))
        tables.sync(connector(served))  # still busy
        served.app = app
        shop.pass_time(1)
        tables.sync(connector(served))
    assert sorted(tables["orders"]["order_id"].astype(int)) == sorted(shop.tables["orders"])
    assert sorted(tables["order_lines"]["line_no"]) == sorted(shop.tables["order_details"])
    assert _slips(tables) == set(shop.tables["order_slip"])
    entries = tables.sales().entries
    assert entries["net_invoiced"].sum() == pytest.approx(
        truth(shop)["invoiced"] - truth(shop)["refunded"], abs=0.01
    )


def _something_happens(shop: PrestaShop) -> None:
    number = shop.random.choice(list(shop.tables["orders"]))
    what = shop.random.choice((sell, refund, delete_line, set_state))
    if what is sell:
        sell(shop)
    elif what is set_state:
        set_state(shop, number, shop.random.choice((2, 5, 6)))
    else:
        what(shop, number)


def _slips(tables: Tables) -> set[int]:
    return {int(str(refund).partition("-")[0]) for refund in tables["refunds"]["refund_id"]}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_guide_names_every_right_that_is_used(language):
    guide = (Path(__file__).parents[1] / "docs" / "connect" / f"prestashop.{language}.md").read_text("utf-8")
    rows = [line.split("|")[1] for line in guide.splitlines() if line.startswith("|")]
    named = {name.strip() for row in rows for name in row.split(",")}
    assert {resource.name for resource in RESOURCES} <= named
    first = next(row for row in rows if row.strip().startswith("orders"))
    needed = {resource.name for resource in RESOURCES if resource.needed}
    assert {name.strip() for name in first.split(",")} == needed

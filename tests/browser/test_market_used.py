"""The market page in a reader's hands: a case put into a plan, and one market's sheet on paper alone."""

from __future__ import annotations

import pytest
from watching import Watched, opened

from echannel.register import existing_register, remove_scenario, saved_scenarios
from echannel.workspace import Workspace

SME = "kent-gifts"


@pytest.mark.parametrize("size", ["desktop"])
def test_a_case_goes_into_the_plan_and_one_sheet_onto_paper(live: Watched, workspace: Workspace) -> None:
    page = live.page
    if before := existing_register(workspace):
        remove_scenario(before, SME, "planning", "market_fr")
    page.add_init_script("window.print = () => { window.printed = (window.printed || 0) + 1; };")
    opened(live, "market", f"sme={SME}&lang=en&market.market=FR")
    page.get_by_role("button", name="Make a scenario in the planning tool").click()
    page.get_by_text("Kept for the planning tool: France").wait_for(timeout=60_000)
    register = existing_register(workspace)
    assert register is not None
    assert "market_fr" in saved_scenarios(register, SME, "planning")
    remove_scenario(register, SME, "planning", "market_fr")

    page.get_by_role("button", name="Print this market’s sheet").click()
    assert page.evaluate("window.printed") == 1
    page.emulate_media(media="print")
    shown = page.locator(".ec-card").evaluate_all(
        "all => all.filter((one) => one.checkVisibility()).map((one) => one.id)"
    )
    assert 3 < len(shown) < page.locator(".ec-card").count() / 2 + 5
    assert "market-duties" in shown and "market-where-next" not in shown
    assert not page.locator(".ec-actions").is_visible()
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("#market-where-next").is_visible()
    live.check()

"""What a firm enters for its plan: plain or with who says so, and refused where no firm is like that."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from echannel.locale import LANGUAGES, Speaker
from echannel.mistakes import first_mistake
from echannel.planning_profile import PlanningProfile, month_number


def refused(told: dict) -> dict[str, str]:
    """The sentences for the first mistake, by language."""
    with pytest.raises(ValidationError) as caught:
        PlanningProfile.model_validate(told)
    error = first_mistake(Path("firm.yml"), PlanningProfile, caught.value)
    return {language: Speaker(language, "FR", "EUR").error(error) for language in LANGUAGES}


def test_a_value_stands_plain_or_with_who_says_so():
    told = PlanningProfile.model_validate(
        {"rent": 650, "marketing": {"value": 90, "by": "consultant", "note": "fair"}}
    )
    assert (told.rent.value, told.rent.by) == (650.0, "owner")
    assert (told.marketing.value, told.marketing.by, told.marketing.note) == (90.0, "consultant", "fair")
    assert told.platform is None


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({"rent": -3}, ("rent", "-3", "0 – 100000000")),
        ({"rent": {"value": 3, "by": "me"}}, ("rent.by", "me", "consultant")),
        ({"margin_rate": 40}, ("margin_rate", "40", "0.99")),
        ({"customer_days": 900}, ("customer_days", "900", "365")),
        ({"opening": {"cash": float("nan")}}, ("opening.cash", "nan")),
        ({"loans": [{"amount": 9, "rate": 5, "months": 12}]}, ("loans.0.rate", "5", "0.4")),
        ({"loans": [{"amount": 9, "rate": 0.05, "months": 6, "deferred": 6}]}, ("loans.0", "deferred")),
        ({"start": "2026-13"}, ("start", "2026-13", "2027-03")),
        ({"departement": "Finistère"}, ("departement", "Finistère")),
        ({"rentt": 3}, ("rentt", "rent")),
        ({"legal_form": "gmbh"}, ("legal_form", "gmbh", "sole_trader")),
    ],
)
def test_a_mistake_is_named_with_key_value_and_what_is_allowed(told, named):
    for sentence in refused(told).values():
        assert all(one in sentence for one in ("firm.yml", *named)), sentence


def test_months_are_counted_from_1970():
    assert month_number("1970-01") == 0
    assert month_number("2026-12") == (2026 - 1970) * 12 + 11

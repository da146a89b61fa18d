"""Settings shared by all tests."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# Machines are noisy: how long one example takes says nothing here.
settings.register_profile(
    "echannel", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("echannel")

# Files of minutes, and those that wait for servers, pages and kills: they begin, so that the many short
# ones fill what they leave idle, and none of them is alone at the end.
FIRST = (
    *("test_demo", "test_sync_kill", "test_engine", "test_reports", "test_reading_dashboards"),
    *("test_files_taken", "test_dashboards_used", "test_dashboards", "test_cluster", "test_attacks"),
    *("test_hub", "test_batch", "test_real_data", "test_turnover_forecast", "test_storage"),
    *("test_batch_families", "test_views_planning"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests stay in the order of their file; files come as ``FIRST`` says, then as they are found."""
    places = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(FIRST)))

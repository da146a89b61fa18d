"""Settings shared by all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Machines are noisy: how long one example takes says nothing here.
settings.register_profile(
    "echannel", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("echannel")

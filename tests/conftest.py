"""Fixtures that every test shares."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A slow shared runner must not turn a property into a timeout; CI looks at more examples.
settings.register_profile(
    "here", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", parent=settings.get_profile("here"), max_examples=100)
settings.register_profile("long", parent=settings.get_profile("here"), max_examples=2_000)
settings.load_profile("ci" if os.environ.get("CI") else "here")

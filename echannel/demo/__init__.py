"""The demonstration cohort: 24 invented firms, and the files their shops would hand over."""

from __future__ import annotations

from echannel.demo.cohort import DemoSummary, write_demo
from echannel.demo.faults import Faults

__all__ = ["DemoSummary", "Faults", "write_demo"]

"""How long a slider of the inventory dashboard takes, from its release to the last card drawn.

``python -m benchmarks.inventory_page SME [COPIES]`` for a synced firm of the workspace around; ``COPIES``
multiplies its products (160 × 31 = 4,960). Forecasts are made first and not counted: no slider moves them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from echannel.sme import Sme, open_sme
from echannel.store import SmeStore
from echannel.views import (
    inventory_care_cards,
    inventory_opening,
    inventory_order_cards,
    inventory_proof_cards,
    inventory_service_cards,
)
from echannel.views.blocks import block_html, opening_html
from echannel.views.context import Choice, View, WhatIf

CARDS = (
    inventory_order_cards.order_now,
    inventory_order_cards.order_all,
    inventory_care_cards.classes,
    inventory_service_cards.service,
    inventory_proof_cards.proof,
)
TRIED = (WhatIf(service=0.9), WhatIf(longer=7), WhatIf(budget=5_000.0), WhatIf(abc_by="margin"))


class Copied(Sme):
    """An SME with each of its products so many times over; what it keeps goes elsewhere."""

    def __init__(self, like: Sme, copies: int) -> None:
        self.profile, self.workspace, self.manifest = like.profile, like.workspace, like.manifest
        self._folder = tempfile.TemporaryDirectory()
        self.store = SmeStore(Path(self._folder.name))
        self._like, self._copies = like, copies

    def table(self, name: str) -> pd.DataFrame:
        frame = self._like.table(name)
        if "product_id" not in frame or self._copies == 1:
            return frame
        ids = frame["product_id"].astype(object)
        copies = [
            frame.assign(product_id=ids.where(ids.isna(), ids.astype(str) + f"-{number}"))
            for number in range(self._copies)
        ]
        every = pd.concat(copies, ignore_index=True)
        if "line_no" in every:
            every["line_no"] = np.arange(len(every), dtype="int32")
        return every.astype({"product_id": "category"})


def main() -> None:
    """Print seconds for the first page and for each thing a reader may try."""
    sme = Copied(open_sme(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    view = View(sme, sme.speaker(), mode="live")
    start = time.perf_counter()
    assert sme.inventory_forecasts is not None
    print(f"{len(sme.inventory.items)} products; forecasts {time.perf_counter() - start:.1f} s")
    inventory_opening.inventory(view)
    for card in CARDS:
        block_html(card(view), view)
    for tried in TRIED:
        chosen = view.chosen(Choice(stock=tried))
        start = time.perf_counter()
        opening_html("inventory", chosen)
        times = []
        for card in CARDS:
            block_html(card(chosen), chosen)
            times.append(time.perf_counter() - start)
        shown = ", ".join(f"{card.__name__} {at:.2f}" for card, at in zip(CARDS, times, strict=True))
        print(f"{tried}: drawn after {shown} s")


if __name__ == "__main__":
    main()

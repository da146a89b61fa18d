"""Why turnover changed between two periods, in parts that sum to the change to the cent.

``lines`` and ``entries`` are whole frames of ``Sales`` (see ``echannel.metrics.turnover``); the periods
choose their rows. Turnover is net goods: net of VAT, after discounts and refunds, shipping excluded, in
the reporting currency; refunds count on the day the frames give them.

Every decomposition returns ``part``, ``value`` (the part's change, rounded to the cent so that the parts
sum to the rounded change), ``share`` (of the turnover before; NaN where that is not above 0), ``before``
and ``after`` (the whole turnover, the same in each row), ``n``, ``status``, ``reason``.
"""

from __future__ import annotations

from echannel.metrics.causes import main_cause, main_driver
from echannel.metrics.drivers import (
    BUYER_PARTS,
    CUSTOMER_PARTS,
    TRAFFIC_PARTS,
    buyer_drivers,
    by_customers,
    traffic_drivers,
)
from echannel.metrics.price_volume_mix import (
    PRODUCT_PARTS,
    price_volume_mix,
    price_volume_mix_by_product,
)

__all__ = [
    "BUYER_PARTS",
    "CUSTOMER_PARTS",
    "PRODUCT_PARTS",
    "TRAFFIC_PARTS",
    "buyer_drivers",
    "by_customers",
    "main_cause",
    "main_driver",
    "price_volume_mix",
    "price_volume_mix_by_product",
    "traffic_drivers",
]

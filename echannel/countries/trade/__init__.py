"""Cross-border rules by date (see ``echannel.countries.trade.rules``)."""

from echannel.countries.trade.rules import (
    Agreement,
    Coming,
    Switch,
    TradeRule,
    TradeRules,
    area_currency,
    area_members,
    customs_area,
    first_day,
    trade_rules,
)

__all__ = [
    "Agreement",
    "Coming",
    "Switch",
    "TradeRule",
    "TradeRules",
    "area_currency",
    "area_members",
    "customs_area",
    "first_day",
    "trade_rules",
]

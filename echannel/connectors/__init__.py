"""Where data comes from: one module or package per platform, found by name."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

from echannel.connectors.base import Connector
from echannel.errors import UserError

ENTRY_POINTS = "echannel.connectors"
_BUILT_IN = {
    "accounts": "echannel.connectors.accounts:AccountsConnector",
    "files": "echannel.connectors.files:FilesConnector",
    "magento": "echannel.connectors.magento:MagentoConnector",
    "moodle": "echannel.connectors.moodle:MoodleConnector",
    "matomo": "echannel.connectors.matomo:MatomoConnector",
    "prestashop": "echannel.connectors.prestashop:PrestaShopConnector",
    "shopify": "echannel.connectors.shopify:ShopifyConnector",
    "sql": "echannel.connectors.sql:SqlConnector",
    "woocommerce": "echannel.connectors.woocommerce:WooCommerceConnector",
}


def connector(name: str) -> type[Connector]:
    """The connector that profiles call ``name``: an installed plug-in's first, then our own.

    Raises
    ------
    UserError
        When there is none: says which there are.
    """
    for entry in entry_points(group=ENTRY_POINTS, name=name):
        return entry.load()
    if name not in _BUILT_IN:
        raise UserError("sync.error.unknown_connector", value=name, known=", ".join(connector_names()))
    module, _, attribute = _BUILT_IN[name].partition(":")
    return getattr(import_module(module), attribute)


def connector_names() -> list[str]:
    """Every connector that a profile may name, sorted."""
    return sorted({*_BUILT_IN, *(entry.name for entry in entry_points(group=ENTRY_POINTS))})

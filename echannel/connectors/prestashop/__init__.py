"""PrestaShop 1.6, 1.7, 8 and 9 through its webservice."""

from echannel.connectors.prestashop.connector import PrestaShopConnector

__all__ = ["PrestaShopConnector"]

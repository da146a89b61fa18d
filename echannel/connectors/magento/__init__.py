"""Magento 2 and Adobe Commerce through their REST API."""

from echannel.connectors.magento.connector import MagentoConnector

__all__ = ["MagentoConnector"]

"""WooCommerce through its REST API, version 3."""

from echannel.connectors.woocommerce.connector import WooCommerceConnector

__all__ = ["WooCommerceConnector"]

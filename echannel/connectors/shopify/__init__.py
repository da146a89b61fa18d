"""Shopify through its Admin GraphQL API."""

from echannel.connectors.shopify.connector import ShopifyConnector

__all__ = ["ShopifyConnector"]

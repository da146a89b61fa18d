"""Matomo through its Reporting API."""

from echannel.connectors.matomo.connector import MatomoConnector

__all__ = ["MatomoConnector"]

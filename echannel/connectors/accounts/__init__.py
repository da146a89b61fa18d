"""Books of account: the French FEC, nominal ledgers and trial balances of British software."""

from __future__ import annotations

from echannel.connectors.accounts.connector import AccountsConnector

__all__ = ["AccountsConnector"]

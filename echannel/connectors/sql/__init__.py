"""Any database that SQLAlchemy reaches: one query for each canonical table."""

from __future__ import annotations

from echannel.connectors.sql.connector import SqlConnector

__all__ = ["SqlConnector"]

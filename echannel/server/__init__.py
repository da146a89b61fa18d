"""Dashboards on this machine: the same notebooks, served live by Voilà."""

from echannel.server.app import serve

__all__ = ["serve"]

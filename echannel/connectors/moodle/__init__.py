"""Moodle through its web service: who learnt what, without who they are."""

from echannel.connectors.moodle.connector import MoodleConnector

__all__ = ["MoodleConnector"]

"""Moodle through its web service: who learnt what, without who they are."""

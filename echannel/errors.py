"""Errors written for people."""

from __future__ import annotations

from typing import Any


class UserError(Exception):
    """Something a person can put right: a catalogue key and the values of its sentence.

    The message is put into words only at the edge (command line, notebook, page),
    in the reader's language: ``say(error.key, **error.values)``.
    """

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.key} ({details})" if details else self.key

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows for it (IPython's hook): the sentence in every language, no traceback."""
        from echannel.locale import LANGUAGES, Speaker

        return [Speaker(language).error(self) for language in LANGUAGES]

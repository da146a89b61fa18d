"""Blocks of a page that were drawn before it was asked for, by a kernel that waited for its reader."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from echannel.views.context import View


def keep(what: Hashable, drawn: Any, view: View) -> None:
    """``drawn`` is what ``what`` looks like in this view; kept with the SME, if that is held."""
    if view.sme.memory is not None:
        view.sme.memory[_key(what, view)] = drawn


def taken(what: Hashable, view: View) -> Any:
    """What was kept of it for this very view, today; once only. None: it is to be drawn.

    A table or a profile that changed meanwhile makes another SME, whose memory holds none of it.
    """
    return None if view.sme.memory is None else view.sme.memory.pop(_key(what, view), None)


def _key(what: Hashable, view: View) -> tuple[Hashable, ...]:
    today = pd.Timestamp.now(tz=view.sme.profile.timezone).date()
    return "drawn", what, view.choice, view.say.language, view.mode, today

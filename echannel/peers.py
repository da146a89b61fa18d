"""The seasonal shape that a cohort lends its firms: who wrote it, where it lies, and how a kernel gets it.

A kernel of one SME opens no cohort's file, which names the other firms: whoever starts it finds the shape and
hands it over as text, in ``ECHANNEL_SEASON``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from echannel.errors import UserError
from echannel.metrics.planning.season import Peers
from echannel.profiles import SmeProfile, cohort_ids, load_cohort
from echannel.workspace import Workspace

SEASON = "ECHANNEL_SEASON"
"""Environment variable of a process that is one SME's: the shape as :func:`season_text` gives it."""


def season_path(workspace: Workspace, cohort: str) -> Path:
    """Where a cohort's shapes lie."""
    return workspace.root / "data" / "seasons" / f"{cohort}.json"


def season_text(workspace: Workspace, firm: SmeProfile) -> str:
    """The shape of the firms most alike in the SME's cohort, as JSON; "" where none was written.

    It holds twelve factors, how far firms differ, and "at least so many firms": no name, and no cohort.
    """
    for cohort in cohort_ids(workspace):
        path = season_path(workspace, cohort)
        try:
            if path.is_file() and firm.id in load_cohort(workspace, cohort).smes:
                content = json.loads(path.read_text(encoding="utf-8"))
                chosen = content.get(firm.orientation) or content.get("all")
                return json.dumps(chosen) if chosen else ""
        except (UserError, OSError, ValueError, AttributeError):
            continue  # what cannot be read lends nothing
    return ""


def season_of(workspace: Workspace, firm: SmeProfile) -> Peers | None:
    """The seasonal shape that the SME may borrow: the one this process was handed, else its cohort's."""
    handed = os.environ.get(SEASON)
    text = season_text(workspace, firm) if handed is None else handed
    try:
        chosen = json.loads(text or "null")
        if chosen is None:
            return None
        index = np.log(np.array(chosen["index"], dtype="float64"))
        if index.shape != (12,) or not np.isfinite(index).all():
            return None
        return Peers(index - index.mean(), float(chosen["spread"]), int(chosen["firms"]))
    except (ValueError, TypeError, KeyError):
        return None

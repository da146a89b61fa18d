"""What stands around a dashboard's page: whose it is, where else to go, and in which language."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from echannel.batch.index import tool_title
from echannel.batch.pages import BRAND, Frame, Link, Words
from echannel.batch.plan import page_names
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.profiles import load_sme, sme_ids
from echannel.server.assets import assets_url
from echannel.server.urls import RENDER, dashboard_url, report_url
from echannel.workspace import Workspace, find_workspace


def page_frame(name: str, sme: str, language: str) -> dict[str, Any]:
    """The frame, switches and words of the page ``name`` of an SME (none: empty) in a language."""
    workspace = find_workspace()
    say = Speaker(language)
    tools = page_names(workspace) if sme else ()
    smes = [_sme_option(workspace, other, other == sme) for other in sme_ids(workspace)] if sme else []
    query = {"sme": sme} if sme else {}
    firm = next((option["name"] for option in smes if option["current"]), None)
    title = [firm, tool_title(say, name) if name in tools else say("serve.home.title"), BRAND]
    return {
        "frame": Frame(
            language,
            " · ".join(part for part in title if part),
            assets_url(),
            Words.of(say),
            Link(BRAND, dashboard_url("home", lang=language)),
            tuple(
                Link(tool_title(say, tool), dashboard_url(tool, sme=sme, lang=language), tool == name)
                for tool in tools
            ),
            tuple(
                Link(
                    say(f"language.{other}"),
                    dashboard_url(name, **query, lang=other),
                    other == language,
                    other,
                )
                for other in LANGUAGES
            ),
        ),
        "smes": smes,
        "action": f"{RENDER}{name}.ipynb",
        "actions": _actions(workspace, name, sme, say) if name in tools else None,
        "words": {
            "sme": say("serve.page.sme"),
            "waiting": say("serve.page.waiting"),
            "step": say("serve.page.step", cell="{cell}", cells="{cells}"),
            "late": say("serve.page.late"),
            "again": say("serve.page.again"),
            "failed": say("serve.page.failed"),
            "failed_next": say("serve.page.failed_next"),
        },
    }


def _actions(workspace: Workspace, tool: str, sme: str, say: Speaker) -> dict[str, str]:
    """What the row of buttons says, and where the plain report is; "" where none was made."""
    words = ("label", "print", "workbook", "both", "share", "back", "next", "leave")
    cohort = newest_report(workspace, sme, tool, say.language)
    return {
        **{word: say(f"serve.do.{word}") for word in words},
        "at": say("serve.do.at", at="{at}", all="{all}"),
        "report": report_url(cohort, sme, tool, say.language) if cohort else "",
        "report_words": say("serve.do.report"),
    }


def newest_report(workspace: Workspace, sme: str, tool: str, language: str) -> str:
    """The cohort with which the last report of a tool was made for an SME; "" where there is none."""
    if sme not in sme_ids(workspace):
        return ""
    made: list[Any] = list(workspace.reports.glob(f"*/{sme}/{tool}.{language}.html"))
    newest = max(
        made, key=lambda path: path.stat().st_mtime_ns if isinstance(path, Path) else 0, default=None
    )
    return "" if newest is None else str(newest.parent.parent.name)


def _sme_option(workspace: Workspace, sme: str, current: bool) -> dict[str, Any]:
    return {"id": sme, "name": firm_name(workspace, sme), "current": current}


def firm_name(workspace: Workspace, sme: str) -> str:
    """A firm's name; its id where its profile cannot be read."""
    try:
        return _name(workspace, sme, (workspace.parameters / "smes" / f"{sme}.yml").stat().st_mtime_ns)
    except (UserError, OSError):
        return sme


@lru_cache(maxsize=4096)
def _name(workspace: Workspace, sme: str, _: int) -> str:
    """A firm's name as of its profile's last change: a page lists all firms that its reader may see."""
    return load_sme(workspace, sme).name

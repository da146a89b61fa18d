"""What stands around a dashboard's page: whose it is, where else to go, and in which language."""

from __future__ import annotations

from typing import Any

from echannel.batch.index import tool_title
from echannel.batch.pages import BRAND, Frame, Link, Words
from echannel.batch.plan import page_names
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.profiles import load_sme, sme_ids
from echannel.server.urls import ASSETS, RENDER, dashboard_url
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
            ASSETS,
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


def _sme_option(workspace: Workspace, sme: str, current: bool) -> dict[str, Any]:
    try:
        name = load_sme(workspace, sme).name
    except UserError:
        name = sme
    return {"id": sme, "name": name, "current": current}

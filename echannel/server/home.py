"""The home page: which firms there are, group by group, and what each tool answers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from IPython.display import HTML

from echannel.batch.index import profile_facts, tool_question, tool_title
from echannel.batch.pages import Link
from echannel.batch.plan import find_notebook, page_names
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.profiles import cohort_ids, load_cohort, load_sme, sme_ids
from echannel.server.templates import templates
from echannel.server.urls import dashboard_url
from echannel.store import SmeStore
from echannel.workspace import Workspace, find_workspace


@dataclass(frozen=True)
class Firm:
    """One SME on the home page: its tools, or why there is nothing to show yet."""

    title: str
    facts: str
    links: tuple[Link, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Group:
    """Firms under a heading."""

    name: str
    cards: tuple[Firm, ...]


def show_home(
    cohort: str = "",
    lang: str = "",
    workspace: Workspace | None = None,
    smes: Sequence[str] | None = None,
) -> HTML:
    """The home page, for a notebook; in a dashboard the address says ``?cohort=…&lang=…``.

    Shows the firms of one cohort (the first, unless named), group by group, then those of none. ``smes``:
    only these, all of them, and nothing that is for the machine's own people.
    """
    where = workspace or find_workspace()
    query = parse_qs(os.environ.get("QUERY_STRING", ""))
    language = query.get("lang", [lang])[-1]
    say = Speaker(language if language in LANGUAGES else LANGUAGES[0])
    cohorts, own = cohort_ids(where), smes is not None
    wanted = query.get("cohort", [cohort])[-1]
    current = wanted if wanted in cohorts else next(iter(cohorts), "")
    page = templates().get_template("home.html.j2")
    return HTML(
        page.render(
            title=say("serve.home.title"),
            tools_heading=say("serve.home.tools"),
            tools=[
                {"title": tool_title(say, tool), "question": tool_question(say, tool)}
                for tool in page_names(where)
            ],
            connect=None if own else _connect(where, say),
            connect_about=say("serve.home.connect_about"),
            cohorts_label=say("serve.home.cohorts"),
            cohorts=[] if own else [_cohort_link(where, name, name == current, say) for name in cohorts],
            groups=_groups(where, current, cohorts, say) if smes is None else _own(where, smes, cohorts, say),
            nobody=say("serve.home.nobody"),
            nobody_next=say("login.no_firm" if own else "serve.home.nobody_next"),
        )
    )


def _connect(workspace: Workspace, say: Speaker) -> Link | None:
    try:
        find_notebook(workspace, "connect")
    except UserError:
        return None
    return Link(say("serve.home.connect"), dashboard_url("connect", lang=say.language))


def _cohort_link(workspace: Workspace, name: str, current: bool, say: Speaker) -> Link:
    try:
        label = load_cohort(workspace, name).name.get(say.language, name)  # type: ignore[call-overload]
    except UserError:
        label = name
    return Link(label, dashboard_url("home", cohort=name, lang=say.language), current)


def _groups(workspace: Workspace, current: str, cohorts: Sequence[str], say: Speaker) -> list[Group]:
    groups: list[Group] = []
    grouped: set[str] = set()
    for name in cohorts:
        try:
            profile = load_cohort(workspace, name)
        except UserError as error:
            groups.append(Group(name, (Firm(name, "", reason=say.error(error)),)))
            continue
        grouped.update(profile.smes)
        if name == current:
            groups.extend(
                Group(
                    group.name.get(say.language, group.id),  # type: ignore[call-overload]
                    tuple(_firm(workspace, sme, say) for sme in group.smes),
                )
                for group in profile.groups
            )
    others = [sme for sme in sme_ids(workspace) if sme not in grouped]
    if others:
        groups.append(Group(say("serve.home.others"), tuple(_firm(workspace, sme, say) for sme in others)))
    return groups


def _own(workspace: Workspace, smes: Sequence[str], cohorts: Sequence[str], say: Speaker) -> list[Group]:
    """The given firms and no others, under the names of their groups."""
    groups: list[Group] = []
    left = list(smes)
    for name in cohorts:
        try:
            parts = load_cohort(workspace, name).groups
        except UserError:
            continue
        for part in parts:
            here = [sme for sme in part.smes if sme in left]
            left = [sme for sme in left if sme not in here]
            if here:
                title = part.name.get(say.language, part.id)  # type: ignore[call-overload]
                groups.append(Group(title, tuple(_firm(workspace, sme, say) for sme in here)))
    if left:
        groups.append(Group(say("serve.home.others"), tuple(_firm(workspace, sme, say) for sme in left)))
    return groups


def _firm(workspace: Workspace, sme: str, say: Speaker) -> Firm:
    try:
        profile = load_sme(workspace, sme)
    except UserError as error:
        return Firm(sme, "", reason=say.error(error))
    try:
        synced = SmeStore(workspace.store / sme).manifest().synced
    except UserError:
        return Firm(profile.name, profile_facts(profile, say), reason=say("serve.home.not_synced", sme=sme))
    links = tuple(
        Link(tool_title(say, tool), dashboard_url(tool, sme=sme, lang=say.language))
        for tool in page_names(workspace)
    )
    facts = f"{profile_facts(profile, say)} · {say('serve.home.synced', day=say.day(synced))}"
    return Firm(profile.name, facts, links)

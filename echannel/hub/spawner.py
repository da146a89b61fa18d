"""A consultant's JupyterLab: a process of its own that can open the folders of their firms and no others."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml
from jupyterhub.spawner import LocalProcessSpawner
from traitlets import Unicode, default

from echannel.errors import UserError
from echannel.hub.authenticator import consultant
from echannel.hub.confined import HOME, READABLE
from echannel.launcher import ALLOWED
from echannel.near import bring_near, forget_older
from echannel.peers import season_path
from echannel.profiles import cohort_ids, load_cohort
from echannel.register import open_register
from echannel.server.access import smes_of
from echannel.server.reach import SHARED, environment, link_parts, own_parts, readable
from echannel.storage import RemotePath
from echannel.workspace import STORE_URL, Workspace, find_workspace

# A shell would be shut in as well, but nobody needs one to explore tables; dashboards are served elsewhere.
LAB_ARGUMENTS = (
    "--ServerApp.terminals_enabled=False",
    "--ServerApp.jpserver_extensions={'voila.server_extension': False}",
    *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),  # in a container
)
_OWN_NOTEBOOKS = "own"


class FirmsSpawner(LocalProcessSpawner):
    """Starts JupyterLab in a workspace of links to the consultant's firms, confined to them by the system.

    Nobody needs an account on the machine. The register's address and other secrets of the Hub stay with
    the Hub.
    """

    root = Unicode().tag(config=True)  # the workspace's folder
    homes = Unicode().tag(config=True)  # where each consultant's own notebooks lie

    @default("root")
    def _root(self) -> str:
        return str(find_workspace().root)

    @default("homes")
    def _homes(self) -> str:
        return str(Path(self.root) / "data" / "homes")

    @default("cmd")
    def _cmd(self) -> list[str]:
        return [sys.executable, "-m", "echannel.hub.confined"]

    @default("default_url")
    def _default_url(self) -> str:
        return "/lab/tree/launcher.ipynb"

    @property
    def home(self) -> Path:
        """The person's own folder, named so that no address can lead elsewhere."""
        return Path(self.homes) / hashlib.sha256(self.user.name.encode()).hexdigest()[:32]

    async def start(self) -> Any:
        """Lay out the workspace of the person's firms as they are now, then start."""
        self._smes = await asyncio.to_thread(self._firms)
        await asyncio.to_thread(lay_out, self.workspace, self._smes, self.home)
        self.notebook_dir = str(self.home / "workspace" / "notebooks")
        return await super().start()

    @property
    def workspace(self) -> Workspace:
        """The Hub's own; its tables may lie on object storage (``ECHANNEL_STORE_URL``)."""
        return Workspace(Path(self.root), os.environ.get(STORE_URL) or None)

    def _firms(self) -> tuple[str, ...]:
        workspace = self.workspace
        account = consultant(open_register(workspace), self.user.name)
        return smes_of(workspace, account.role, account.scope) if account else ()

    def make_preexec_fn(self, name: str) -> Any:
        """Nobody changes the system's user: the Hub's own runs all, and each is confined."""
        return None

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """The Hub's own variables, what a kernel may know, and where the person's workspace is."""
        workspace = self.workspace
        near = tables(workspace, self.home)
        places = dict.fromkeys(place for sme in self._smes for place in readable(workspace, sme))
        kept = {name: value for name, value in env.items() if name.startswith(("JUPYTERHUB_", "JPY_"))}
        return {
            **environment(env),
            **kept,
            "HOME": str(self.home),
            "ECHANNEL_ROOT": str(self.home / "workspace"),
            ALLOWED: ",".join(self._smes),
            HOME: str(self.home),
            READABLE: os.pathsep.join([*places, *(str(near / sme) for sme in self._smes)]),
        }


def tables(workspace: Workspace, home: Path) -> Path:
    """The folder with the firms' tables: the store, or where those of a person's firms are brought near.

    The latter is the Hub's: what a lab could write, the Hub must not write through.
    """
    store = workspace.store
    return store if isinstance(store, Path) else workspace.root / "data" / "near" / home.name


def _bring_near(workspace: Workspace, smes: Collection[str], near: Path) -> None:
    """Lay the tables on object storage near, as they are now, and remove those of firms of before."""
    store = workspace.store
    if not isinstance(store, RemotePath):
        return
    for folder in near.glob("*"):
        if folder.name not in smes:
            shutil.rmtree(folder)
    for sme in smes:
        bring_near(store / sme, near / sme)
        forget_older(near / sme)  # the person's lab is about to start: nobody reads them


def lay_out(workspace: Workspace, smes: Collection[str], home: Path) -> Path:
    """A workspace under ``home`` with links to what belongs to ``smes``, made anew; own notebooks stay.

    Labs are given no credentials of object storage: tables there are brought near first, as they are now.
    """
    root = home / "workspace"
    _unlink_all(root)  # before anything is written: a link that somebody laid there must lead nowhere
    for folder in ("parameters/smes", "data/store", "data/inbox", f"notebooks/{_OWN_NOTEBOOKS}", "reports"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    notebooks = [f"notebooks/{path.name}" for path in workspace.notebooks.glob("*.ipynb")]
    link_parts(workspace, [*SHARED, *notebooks], root)
    near = tables(workspace, home)
    _bring_near(workspace, smes, near)
    for sme in smes:
        link_parts(workspace, own_parts(sme), root)
        if (near / sme).is_dir():
            (root / "data" / "store" / sme).symlink_to(near / sme)
    _cohorts(workspace, set(smes), root)
    return root


def _unlink_all(root: Path) -> None:
    if root.is_symlink():
        root.unlink()
    for here, folders, files in os.walk(root):
        for path in (Path(here) / name for name in (*folders, *files)):
            if path.is_symlink():
                path.unlink()


def _cohorts(workspace: Workspace, smes: set[str], root: Path) -> None:
    """Copies of the cohorts that these firms are in, without the other firms, and of the seasons lent."""
    for part in ("parameters/cohorts", "data/seasons"):
        shutil.rmtree(root / part, ignore_errors=True)
        (root / part).mkdir(parents=True)
    for name in cohort_ids(workspace):
        try:
            cohort = load_cohort(workspace, name)
        except UserError:
            continue  # a coordinator's to put right
        groups = [(group, [sme for sme in group.smes if sme in smes]) for group in cohort.groups]
        own = [group.model_dump() | {"smes": seen} for group, seen in groups if seen]
        if not own:
            continue
        content = cohort.model_dump() | {"launch_pads": list(cohort.launch_pads), "groups": own}
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (root / "parameters" / "cohorts" / f"{name}.yml").write_text(text, encoding="utf-8")
        season = season_path(workspace, name)
        if season.is_file():
            shutil.copy(season, season_path(Workspace(root), name))

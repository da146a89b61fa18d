"""The stories' stage: the small demonstration, synced, and firms whose files a story writes itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from catalogue_scan import ROOT
from small_demo import make_small_demo

from echannel.sme import Sme, open_sme
from echannel.sync import sync_sme
from echannel.workspace import Workspace


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Kent Gifts, Breizh Épicerie and Sussex Parts, from their own export files."""
    made = os.environ.get("ECHANNEL_SMALL_DEMO")
    return make_small_demo(Path(made) if made else tmp_path_factory.mktemp("small-demo"))


@pytest.fixture
def firm_of(tmp_path: Path) -> Callable[..., Sme]:
    """A firm like one of the demonstration, with files of its own, synced and opened."""

    def open_one(like: str, files: dict[str, str], rules: list[dict], **changed: object) -> Sme:
        workspace = Workspace(tmp_path)
        profile = yaml.safe_load((ROOT / "parameters" / "smes" / f"{like}.yml").read_text(encoding="utf-8"))
        options = {"folder": "data/inbox/shop", "files": rules}
        source = {"id": "shop", "connector": "files", "options": options}
        profile |= {"id": "shop", "sources": [source], **changed}
        (workspace.parameters / "smes").mkdir(parents=True, exist_ok=True)
        path = workspace.parameters / "smes" / "shop.yml"
        path.write_text(yaml.safe_dump(profile, allow_unicode=True), encoding="utf-8")
        (workspace.inbox / "shop").mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (workspace.inbox / "shop" / name).write_bytes(text.encode("cp1252"))
        sync_sme(workspace, "shop")
        return open_sme("shop", workspace)

    return open_one

"""A page under watch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page


@dataclass
class Watched:
    """A page under watch: what it asked for from outside, what it complained of, where pictures go."""

    page: Page
    shots: Path | None
    own: tuple[str, ...] = ("file:", "data:", "blob:")
    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        page = self.page
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", lambda socket: self._asked(socket.url.replace("ws://", "http://", 1)))
        page.on("console", lambda said: self._said(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))

    def _asked(self, url: str) -> None:
        if not url.startswith(self.own):
            self.outside.append(url)

    def _said(self, kind: str, text: str) -> None:
        if kind == "error":
            self.complaints.append(text)

    def shoot(self, name: str) -> None:
        """A picture of the whole page, where somebody asked for pictures: they take as long as the rest."""
        if self.shots is not None:
            self.page.screenshot(path=self.shots / f"{name}.png", full_page=True)

    def check(self) -> None:
        """Nothing from outside, no complaint, nothing injected, no sideways scrolling."""
        assert not self.outside, f"asked for {self.outside}"
        assert not self.complaints, f"complained: {self.complaints}"
        assert self.page.evaluate("window.pwned") is None
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{wide} px too wide"

    def text(self) -> str:
        """What a reader can see on the page."""
        return self.page.locator("body").inner_text()


def opened(live: Watched, notebook: str, query: str) -> None:
    """Opens a dashboard and waits until its last cell has run."""
    live.page.goto(f"/voila/render/{notebook}.ipynb?{query}", timeout=90_000)
    live.page.wait_for_selector("#ec-waiting[hidden]", state="attached", timeout=60_000)


def drawn(live: Watched) -> None:
    """Waits for the first figure."""
    live.page.wait_for_selector(".ec-figure .main-svg", timeout=60_000)

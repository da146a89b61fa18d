"""What the dashboard server answers: home, dashboards in their frame, and the files that pages need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel import negotiate_locale
from jupyter_server.base.handlers import JupyterHandler
from nbformat import NotebookNode
from tornado.web import StaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler

from echannel.batch.pages import BRAND, Frame, Link, Words, asset_files, message_page
from echannel.batch.plan import tool_names
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.profiles import load_sme
from echannel.server.frames import page_frame
from echannel.server.urls import ASSETS, dashboard_url
from echannel.workspace import find_workspace

_OWN = Path(__file__).parent / "template"


def reader_language(accepted: str) -> str:
    """The first of our languages that an ``Accept-Language`` header asks for; the first of ours if none."""
    wanted = []
    for part in accepted.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((-float(weight or 1), tag.replace("-", "_")))
        except ValueError:
            continue
    tags = [tag for _, tag in sorted(wanted, key=lambda pair: pair[0]) if tag]
    return negotiate_locale(tags, LANGUAGES) or LANGUAGES[0]


class _Plain(JupyterHandler):
    """What goes wrong is said on a page in plain words; the detail is in the server's log."""

    def write_error(self, status_code: int, **more: Any) -> None:
        """The page for any error."""
        self.finish(self.failure("serve.error.page_failed"))

    def failure(self, key: str) -> str:
        """A page that says what is wrong, in the reader's language, and leads home."""
        language = self.language()
        say = Speaker(language)
        home = Link(BRAND, dashboard_url("home", lang=language))
        frame = Frame(language, f"{say('serve.home.title')} · {BRAND}", ASSETS, Words.of(say), home)
        return message_page(frame, say("serve.error.title"), say(key))

    def language(self) -> str:
        """The language that the address names, else the likely one."""
        asked = self.get_argument("lang", "")
        return asked if asked in LANGUAGES else self.likely_language()

    def likely_language(self) -> str:
        """The language that the reader's browser asks for."""
        return reader_language(self.request.headers.get("Accept-Language", ""))


class HomeHandler(_Plain):
    """The bare address leads to the home page, in the reader's language."""

    def get(self) -> None:
        """Lead there."""
        self.redirect(dashboard_url("home", lang=self.language()))


class AssetHandler(StaticFileHandler):
    """The scripts and style sheets of pages, by name, from wherever they are installed."""

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        """The file of that name."""
        return str(_assets().get(path, ""))

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Only what is on the list."""
        if not absolute_path:
            self.send_error(404)
            return None
        return absolute_path


def _assets() -> dict[str, Path]:
    own = {name: _OWN / name for name in ("dashboard.css", "dashboard.js", "favicon.svg")}
    return {**asset_files(), **own}


class DashboardHandler(_Plain, TornadoVoilaHandler):
    """A notebook's page. Its language and SME come from the address, and the frame says the same."""

    async def get(self, path: str | None = None) -> None:
        """The page; what cannot be shown is led to where it can."""
        name = (path or "").removesuffix(".ipynb")
        # Setting the cookie lets the page stop its kernel when it is left.
        _ = self.xsrf_token
        language = self.get_argument("lang", "")
        if name not in pages():
            self.set_status(404)
            self.finish(self.failure("serve.error.no_page"))
        elif language not in LANGUAGES or (name in tool_names(find_workspace()) and not self._sme()):
            language = language if language in LANGUAGES else self.likely_language()
            target = name if self._sme() or name not in tool_names(find_workspace()) else "home"
            kept = {key: self.get_argument(key) for key in self.request.arguments if key != "lang"}
            self.redirect(dashboard_url(target, **{**kept, "lang": language}))
        else:
            await super().get(path)  # type: ignore[misc]

    def _sme(self) -> str:
        return self.get_argument("sme", "")

    def likely_language(self) -> str:
        """The SME's first language; the browser's where no SME is named."""
        try:
            return load_sme(find_workspace(), self._sme()).languages[0]
        except UserError:
            return super().likely_language()

    @staticmethod
    def put_frame(handler: DashboardHandler, notebook: NotebookNode, cwd: str) -> NotebookNode:
        """Lay what stands around the page into the notebook that is about to run (Voilà's hook)."""
        name = handler.request.path.rsplit("/", 1)[-1].removesuffix(".ipynb")
        notebook.metadata["echannel"] = page_frame(name, handler._sme(), handler.get_argument("lang"))
        return notebook


def pages() -> tuple[str, ...]:
    """The notebooks that are served: home, the tools, and the one that connects a new SME's files."""
    return ("home", "connect", *tool_names(find_workspace()))

"""What the dashboard server answers: home, dashboards in their frame, and the files that pages need."""

from __future__ import annotations

import asyncio
import secrets
from functools import cache
from typing import Any, cast

import tornado.web
from jupyter_server.auth.decorator import allow_unauthenticated
from nbformat import NotebookNode
from tornado.web import RequestHandler, StaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler

from echannel.batch.plan import page_names, tool_names
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.profiles import load_sme
from echannel.register.audit_trail import note_opened
from echannel.server.assets import FOR_A_YEAR, assets_url, files
from echannel.server.cells import together
from echannel.server.frames import page_frame
from echannel.server.front import front_page, waiting_page
from echannel.server.headers import page_policy
from echannel.server.kernels_of import KernelsOfPeople, granted
from echannel.server.plain import Plain, reader_language
from echannel.server.serving import Serving
from echannel.server.urls import dashboard_url
from echannel.workspace import find_workspace

__all__ = [
    "AssetHandler",
    "DashboardHandler",
    "HomeHandler",
    "LibraryHandler",
    "NothingHere",
    "reader_language",
]


class HomeHandler(Plain):
    """The bare address leads to the home page, in the reader's language."""

    @tornado.web.authenticated
    def get(self) -> None:
        """Lead there; who has one SME only, to its first tool."""
        smes = self.person.smes(find_workspace())
        if self.person.role == "member" and len(smes) == 1:
            prepare_only(self, smes)
            first = tool_names(find_workspace())[0]
            self.redirect(dashboard_url(first, sme=smes[0], lang=self.language()))
        else:
            self.redirect(dashboard_url("home", lang=self.language()))


class NothingHere(Plain):
    """Every address that is not one of ours; the same answer for everybody."""

    @allow_unauthenticated
    async def prepare(self) -> None:  # type: ignore[override]
        """Say so, whatever was asked and however."""
        self.current_user = self._jupyter_current_user = None
        self.set_status(404)
        self.finish(self.failure("serve.error.no_page"))


class _WithHeaders(RequestHandler):
    """A handler of tornado's that says what all our answers say."""

    def set_default_headers(self) -> None:
        """The same as on every page."""
        for name, value in self.settings.get("headers", {}).items():
            self.set_header(name, value)

    def write_error(self, status_code: int, **more: Any) -> None:
        """Nothing but the number."""
        self.finish()


class AssetHandler(_WithHeaders, StaticFileHandler):
    """The scripts and style sheets of pages, by name, from wherever they are installed; for everybody."""

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        """The file of that name."""
        return str(files().get(path, ""))

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Only what is on the list."""
        if not absolute_path:
            self.send_error(404)
            return None
        return absolute_path

    def set_extra_headers(self, path: str) -> None:
        """An address with the hash of what it holds need not be asked for again; another one must."""
        hashed = self.request.path.startswith(assets_url())
        self.set_header("Cache-Control", FOR_A_YEAR if hashed else "no-cache")


class LibraryHandler(_WithHeaders):
    """Voilà's own scripts and styles. They are the same for everybody and hold nobody's data."""

    @staticmethod
    @cache
    def around(kind: type[RequestHandler]) -> type[RequestHandler]:
        """One of Voilà's file handlers that only hands out, with our headers, to whoever may see pages."""

        class Guarded(_WithHeaders, kind):  # type: ignore[valid-type,misc]
            SUPPORTED_METHODS = ("GET", "HEAD")

            async def prepare(self) -> None:
                self.current_user = self.settings["identity_provider"].get_user(self)
                if self.current_user is None:
                    raise tornado.web.HTTPError(403)

        return Guarded


class DashboardHandler(Plain, TornadoVoilaHandler):
    """A notebook's page. Its language comes from the address, its SME from who asks."""

    @property
    def serving(self) -> Serving:
        """How this server was told to run."""
        return cast(Serving, self.settings["serving"])

    @property
    def nonce(self) -> str:
        """What this answer's own inline scripts carry, and no text of anybody else's can."""
        if not hasattr(self, "_nonce"):
            self._nonce = secrets.token_urlsafe(16)
        return self._nonce

    @property
    def content_security_policy(self) -> str:
        """A dashboard's."""
        host = self.request.host if self.serving.proxies == () else self.serving.host
        return page_policy(host, self.serving.secure, self.nonce)

    @tornado.web.authenticated
    async def get(self, path: str | None = None) -> None:
        """The page; what cannot be shown is led to where it can."""
        name = (path or "").removesuffix(".ipynb")
        # Setting the cookie lets the page stop its kernel when it is left.
        _ = self.xsrf_token
        language = self.get_argument("lang", "")
        tools = page_names(find_workspace())
        if name not in pages(self.serving.login) or not self._may_see():
            self.set_status(404)
            self.finish(self.failure("serve.error.no_page"))
        elif language not in LANGUAGES or (name in tools and not self._sme()):
            language = language if language in LANGUAGES else self.likely_language()
            target = name if self._sme() or name not in tools else "home"
            kept = {key: self.get_argument(key) for key in self.request.arguments if key != "lang"}
            self.redirect(dashboard_url(target, **{**kept, "lang": language}))
        elif name == "home" and self.serving.login:
            self.set_header("Cache-Control", "no-store")
            around, register = self._around("home"), self.serving.register
            prepare_only(self, self.person.smes(find_workspace()))
            # Beside the loop: on object storage each firm is asked for.
            asked = (self.person, find_workspace(), language, around, register)
            self.finish(await asyncio.to_thread(front_page, *asked))
        else:
            await self._dashboard(path, name)

    async def _dashboard(self, path: str | None, name: str) -> None:
        if not self.serving.login:
            await super().get(path)  # type: ignore[misc]
            return
        kernels, sme = cast(KernelsOfPeople, self.kernel_manager), self._sme()
        await kernels.make_room_for(self.person)
        waiting = self.serving.waiting
        if not waiting.is_next(self.person.signed_in, kernels.free()):
            place = waiting.place(self.person.signed_in)
            self.set_status(503)
            self.set_header("Cache-Control", "no-store")
            self.finish(waiting_page(place, self._around(name)))
            return
        waiting.leave(self.person.signed_in)
        register = self.serving.register
        assert register is not None
        note_opened(register, self.person.username, self.person.role, sme, "page", name)
        with granted(self.person, sme):
            await super().get(path)  # type: ignore[misc]
        kernels.prepare_for(self.person, sme, self.get_argument("lang"))

    def _may_see(self) -> bool:
        """Whether every SME that the address names is one the person may see; none named is none too many."""
        named = set(self.get_arguments("sme"))
        return not self.serving.login or (
            len(named) <= 1 and named <= {"", *self.person.smes(find_workspace())}
        )

    def _sme(self) -> str:
        return self.get_argument("sme", "")

    def likely_language(self) -> str:
        """The person's language, else the SME's first; the browser's where no SME is named."""
        if not self._may_see() or (self.person and self.person.language):
            return super().likely_language()
        try:
            return load_sme(find_workspace(), self._sme()).languages[0]
        except UserError:
            return super().likely_language()

    def write(self, chunk: Any) -> None:
        """Send a part of the page; Voilà's sign of life is a script without the nonce, and is left out."""
        if isinstance(chunk, str) and chunk.startswith("<script>window.voila_heartbeat"):
            chunk = "<!-- -->\n"
        super().write(chunk)

    def _around(self, name: str) -> dict[str, Any]:
        """The frame of a page, with what depends on who asks."""
        say = Speaker(self.get_argument("lang"))
        around = page_frame(name, self._sme(), self.get_argument("lang"))
        seen = self.person.smes(find_workspace())
        around["smes"] = [one for one in around["smes"] if one["id"] in seen]
        around["nonce"] = self.nonce
        if self.serving.login:
            token = self.xsrf_token.decode()
            around["account"] = {"name": self.person.name, "sign_out": say("login.sign_out"), "xsrf": token}
        return around

    @staticmethod
    def put_frame(handler: DashboardHandler, notebook: NotebookNode, cwd: str) -> NotebookNode:
        """Lay what stands around the page into the notebook that is about to run (Voilà's hook)."""
        name = handler.request.path.rsplit("/", 1)[-1].removesuffix(".ipynb")
        notebook.metadata["echannel"] = handler._around(name)
        if name in page_names(find_workspace()):
            notebook.cells = together(notebook.cells)
        return notebook


def prepare_only(handler: Plain, smes: tuple[str, ...]) -> None:
    """Who has one SME only opens that one next: its kernel begins before the page is asked for."""
    if len(smes) == 1:
        kernels = cast(KernelsOfPeople, handler.settings["kernel_manager"])
        kernels.prepare_for(handler.person, smes[0], handler.language(), first=True)


def pages(login: bool = False) -> tuple[str, ...]:
    """The notebooks that are served: home, the tools, and (without a login) the one that brings files."""
    tools = page_names(find_workspace())
    return ("home", *tools) if login else ("home", "connect", *tools)

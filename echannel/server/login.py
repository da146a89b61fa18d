"""Signing in and out, and choosing a password by a link."""

from __future__ import annotations

import asyncio
import ipaddress
import math
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import HTTPError

from echannel.batch.pages import BRAND, Frame, Link, Words
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.register import Register
from echannel.register.passwords import SHORTEST
from echannel.register.signed_in import sign_in, sign_out
from echannel.register.users import Account, check_sign_in, choose_password, link_holder
from echannel.server.assets import assets_url
from echannel.server.identity import SignedInPeople
from echannel.server.plain import Plain
from echannel.server.templates import templates
from echannel.server.throttle import Throttle
from echannel.server.urls import RENDER

LOGIN = "/login"
LOGOUT = "/logout"
# Nothing but our own style sheets: no script at all runs on a page that asks for a password.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
# An account waits five minutes at most: who knows the password is not to be locked out by who does not.
_BY_ACCOUNT = (5, 2.0, 300.0)
_BY_ADDRESS = (20, 2.0, 900.0)
# Each check of a password takes 64 MiB for a tenth of a second.
_CHECKS_AT_ONCE = 2


class Doorkeeper:
    """What all sign-in pages of one server share: the counts of misses, and how many are checked at once."""

    def __init__(self) -> None:
        self.by_account = Throttle(*_BY_ACCOUNT)
        self.by_address = Throttle(*_BY_ADDRESS)
        self.checks = asyncio.Semaphore(_CHECKS_AT_ONCE)

    def wait(self, email: str, place: str) -> float:
        """Seconds until this account may be tried from this place; 0: now."""
        return max(self.by_account.wait(email), self.by_address.wait(place))

    async def account(self, register: Register, email: str, password: str, place: str) -> Account | None:
        """The account whose password this is; a try counts as a miss from when it begins."""
        self.by_account.missed(email)
        self.by_address.missed(place)
        async with self.checks:
            account = await asyncio.to_thread(check_sign_in, register, email, password)
        if account is not None:
            self.by_account.forget(email)
            self.by_address.take_back(place)
        return account


def safe_next(url: str) -> str:
    """Where to go after signing in: a dashboard of ours, or home. Never another site."""
    parts = urlsplit(url) if url.isprintable() and "\\" not in url else urlsplit("")
    ours = not parts.scheme and not parts.netloc and parts.path.startswith(RENDER) and ".." not in parts.path
    return url if ours else "/"


def network_of(address: str) -> str:
    """What counts as one place for tries: an IPv4 address, or the IPv6 network that one customer is given."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


class _Door(Plain):
    """A page that anybody may see."""

    def initialize(self, keeper: Doorkeeper) -> None:
        """Takes what the pages share."""
        self.keeper = keeper

    @property
    def people(self) -> SignedInPeople:
        """The login that this server has."""
        return cast(SignedInPeople, self.identity_provider)

    @property
    def content_security_policy(self) -> str:
        """Stricter than a dashboard's."""
        return _POLICY

    @property
    def place(self) -> str:
        """Where the request comes from, as tries are counted."""
        return network_of(self.request.remote_ip or "")

    def show(self, template: str, title: str, languages: Mapping[str, str], **more: Any) -> None:
        """A page in the frame, never kept by a browser or a proxy."""
        self.set_header("Cache-Control", "no-store")
        language = self.language()
        say = Speaker(language)
        links = tuple(
            Link(say(f"language.{one}"), url, one == language, one) for one, url in languages.items()
        )
        frame = Frame(
            language, f"{title} · {BRAND}", assets_url(), Words.of(say), None, (), links, figures=False
        )
        page = templates().get_template(template)
        self.finish(page.render(frame=frame, say=say, title=title, xsrf=self.xsrf_token.decode(), **more))


class LoginHandler(_Door):
    """The page that asks for address and password."""

    @allow_unauthenticated
    def get(self) -> None:
        """The empty form; home for who is signed in already."""
        if self.current_user:
            self.redirect(safe_next(self.get_argument("next", "")))
        else:
            self._form()

    @allow_unauthenticated
    async def post(self) -> None:
        """Lets in who knows the password; the others read the same words, whatever was wrong."""
        email = self.get_body_argument("email", "").strip().lower()[:254]
        password = self.get_body_argument("password", "", strip=False)
        wait = self.keeper.wait(email, self.place)
        if wait:
            self.set_status(429)
            self.set_header("Retry-After", str(math.ceil(wait)))
            self._form(email, ("login.error.wait", {"n": math.ceil(wait / 60)}))
            return
        account = await self.keeper.account(self.people.register, email, password, self.place)
        if account is None:
            self.set_status(401)
            self._form(email, ("login.error.wrong", {}))
            return
        let_in(self, account)
        self.redirect(safe_next(self.get_body_argument("next", "")))

    def _form(self, email: str = "", error: tuple[str, dict[str, Any]] | None = None) -> None:
        say, then = Speaker(self.language()), safe_next(self.get_argument("next", ""))
        languages = {one: f"{LOGIN}?{urlencode({'next': then, 'lang': one})}" for one in LANGUAGES}
        words = say(error[0], **error[1]) if error else ""
        self.show("login.html.j2", say("login.title"), languages, email=email, error=words, then=then)


class LogoutHandler(_Door):
    """Ends what this browser has open."""

    @allow_unauthenticated
    async def post(self) -> None:
        """Forget the browser, here and there; its pages end."""
        if self.current_user:
            await self.settings["kernel_manager"].end_of(self.person.signed_in)
        sign_out(self.people.register, self.people.token_of(self))
        self.people.take_cookie(self)
        self.clear_cookie("_xsrf")
        self.set_header("Clear-Site-Data", '"cache", "storage"')
        self.redirect(f"{LOGIN}?{urlencode({'lang': self.language()})}")


class LinkHandler(_Door):
    """The page behind an invitation or a reset: choose a password. Only sending the form uses the link up."""

    @allow_unauthenticated
    def get(self, purpose: str, token: str) -> None:
        """The form, or that the link is used or too old."""
        holder = link_holder(self.people.register, token)
        if holder is None:
            self.set_status(404)
        self._form(purpose, token, holder)

    @allow_unauthenticated
    async def post(self, purpose: str, token: str) -> None:
        """Takes the password and signs its owner in."""
        address = self.place
        if self.keeper.by_address.wait(address):
            raise HTTPError(429)
        register, holder = self.people.register, link_holder(self.people.register, token)
        if holder is None:
            self.keeper.by_address.missed(address)
            self.set_status(404)
            self._form(purpose, token, None)
            return
        password = self.get_body_argument("password", "", strip=False)
        try:
            if password != self.get_body_argument("again", "", strip=False):
                raise UserError("login.error.not_the_same")
            async with self.keeper.checks:
                account = await asyncio.to_thread(choose_password, register, token, password)
        except UserError as error:
            self.set_status(422)
            self._form(purpose, token, holder, error)
            return
        let_in(self, account)
        self.redirect("/")

    def likely_language(self) -> str:
        """The invited person's language; the browser's where none was given."""
        holder = link_holder(self.people.register, self.path_args[1]) if self.path_args else None
        return (holder.language if holder else "") or super().likely_language()

    def _form(self, purpose: str, token: str, holder: Account | None, error: UserError | None = None) -> None:
        say = Speaker(self.language())
        title = say(f"login.{purpose}.title") if holder else say("login.link_over.title")
        here = f"/{purpose}/{token}"
        languages = {one: f"{here}?{urlencode({'lang': one})}" for one in LANGUAGES}
        words = say.error(error) if error else ""
        self.show("password.html.j2", title, languages, holder=holder, error=words, shortest=SHORTEST)


def let_in(handler: _Door, account: Account) -> None:
    """Sign a browser in under a new secret; whatever it came with is ended and no longer counts."""
    people = handler.people
    before = people.token_of(handler)
    if before:
        sign_out(people.register, before)
    people.give_cookie(handler, sign_in(people.register, account))
    handler.clear_cookie("_xsrf")

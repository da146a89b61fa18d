"""Who is asking: the person behind a request, known by one signed cookie and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from jupyter_server.auth import IdentityProvider, User
from tornado.web import RequestHandler

from echannel.profiles import sme_ids
from echannel.register import Register
from echannel.register.signed_in import LONGEST, who_is
from echannel.register.users import Account, Role, hash_token
from echannel.server.access import smes_of
from echannel.workspace import Workspace


@dataclass
class Person(User):
    """Jupyter's user, with what our pages ask of them. ``role`` is ``here`` where there is no login."""

    role: Role | Literal["here"] = "here"
    scope: str = ""
    language: str = ""
    signed_in: str = ""  # names this browser's sign-in, without letting anybody use it

    def smes(self, workspace: Workspace) -> tuple[str, ...]:
        """The SMEs whose pages the person may open."""
        if self.role == "here":
            return tuple(sme_ids(workspace))
        return smes_of(workspace, self.role, self.scope)

    @classmethod
    def of(cls, account: Account, signed_in: str) -> Person:
        """The person of an account."""
        return cls(
            username=account.email,
            name=account.name,
            role=account.role,
            scope=account.scope,
            language=account.language,
            signed_in=signed_in,
        )


class _Provider(IdentityProvider):
    """Neither tokens in addresses nor headers say who somebody is, and Jupyter's own login pages are off."""

    def get_handlers(self) -> list[tuple[str, object]]:
        """No pages of its own."""
        return []

    def is_token_authenticated(self, handler: RequestHandler) -> bool:
        """Never: every request that changes something is checked for where it comes from."""
        return False

    def should_check_origin(self, handler: RequestHandler) -> bool:
        """Always."""
        return True


class EverybodyHere(_Provider):
    """Without a login: whoever sits at this machine."""

    @property
    def auth_enabled(self) -> bool:
        """There is nothing to sign in to."""
        return False

    def get_user(self, handler: RequestHandler) -> Person:
        """The same for every request."""
        return Person("here", signed_in="here")


class SignedInPeople(_Provider):
    """With a login: whoever the register says this browser belongs to."""

    register: Register
    secure = False

    @property
    def auth_enabled(self) -> bool:
        """There is a login."""
        return True

    def get_cookie_name(self, handler: RequestHandler) -> str:
        """Behind TLS the browser itself refuses it from anybody but this very host."""
        return "__Host-echannel" if self.secure else "echannel"

    def get_user(self, handler: RequestHandler) -> Person | None:
        """Who this browser's cookie stands for; None where it is missing, forged, ended or too old."""
        token = self.token_of(handler)
        account = who_is(self.register, token) if token else None
        return Person.of(account, hash_token(token)) if account else None

    def token_of(self, handler: RequestHandler) -> str:
        """The secret in the cookie; empty where there is none or its signature is wrong."""
        kept: Any = handler.get_signed_cookie(self.get_cookie_name(handler), max_age_days=LONGEST.days + 1)
        return kept.decode("ascii", "replace") if kept else ""

    def give_cookie(self, handler: RequestHandler, token: str) -> None:
        """Have the browser keep a new secret, out of reach of scripts and of other sites."""
        handler.set_signed_cookie(
            self.get_cookie_name(handler),
            token,
            expires_days=None,
            httponly=True,
            samesite="Lax",
            secure=self.secure,
            path="/",
        )

    def take_cookie(self, handler: RequestHandler) -> None:
        """Have the browser forget it."""
        handler.clear_cookie(self.get_cookie_name(handler), path="/", secure=self.secure)

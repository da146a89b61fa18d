"""Spare kernels: the next one of a reader who is there, started and with the firm's tables read already.

A spare belongs to one person, one sign-in and one SME, as any kernel does, and is confined before it starts;
it is never anybody else's. What the page's address says, it learns when it is taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_STEP_SECONDS = 60
_MORE = {"more": "__import__('echannel.views.ahead', fromlist=['more']).more()"}
log = logging.getLogger(__name__)


@dataclass(eq=False)
class Spare:
    """A kernel that waits, whose it is, and the line over which it is told what to do."""

    kernel_id: str
    grant: Any
    client: Any
    busy: Callable[[], bool]
    work: asyncio.Task[Any] | None = None
    wanted: bool = field(default=False)

    async def prepare(self, sme: str, language: str) -> None:
        """Has it read and count, step by step, until it is wanted or done, while no page is at work."""
        self.client.start_channels()
        begin = "__import__('echannel.views.ahead', fromlist=['begin'])"
        await self._run(f"{begin}.begin({sme!r}, {language!r})")
        more = True
        while more and not self.wanted:
            while self.busy() and not self.wanted:
                await asyncio.sleep(0.25)
            if self.wanted:
                return
            said = await self._run("", _MORE)
            more = said["user_expressions"]["more"].get("data", {}).get("text/plain") == "True"

    async def take(self, env: dict[str, str]) -> bool:
        """Give it the environment of the page that wants it; False when it does not answer."""
        self.wanted = True
        try:
            if self.work is not None:
                await self.work
            plain = json.loads(
                json.dumps(env)
            )  # names are members of an enumeration, which Python writes else
            said = await self._run(f"__import__('os').environ.update({plain!r})")
            return bool(said["status"] == "ok")
        except Exception:
            log.exception("a spare kernel does not answer")
            return False
        finally:
            self.close()

    async def _run(self, code: str, asked: dict[str, str] | None = None) -> Any:
        reply = await self.client.execute(
            code,
            silent=asked is None,
            store_history=False,
            user_expressions=asked,
            reply=True,
            timeout=_STEP_SECONDS,
        )
        return reply["content"]

    def close(self) -> None:
        """Hang up."""
        if self.work is not None and not self.work.done():
            self.work.cancel()
        with contextlib.suppress(Exception):
            self.client.stop_channels()

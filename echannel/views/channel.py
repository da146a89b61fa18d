"""What a dashboard's script asks of its page, past the widgets that are drawn.

It goes over the page's own connection to its kernel, so what keeps one firm's kernel from another's
readers keeps this as well; there is no further address to guard.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from echannel.errors import UserError
from echannel.locale import Speaker

Answer = tuple[dict[str, Any], list[bytes]]
Asked = Callable[[Mapping[str, Any]], Answer]

log = logging.getLogger(__name__)


class Channel:
    """A widget that shows nothing and carries messages: ``answers`` has one function per question."""

    def __init__(self, say: Speaker, answers: Mapping[str, Asked]) -> None:
        from ipywidgets import HTML

        self.say, self.answers = say, dict(answers)
        self.widget = HTML()
        self.widget.add_class("ec-channel")
        self.widget.on_msg(self._heard)

    def tell(self, what: str, **content: Any) -> None:
        """Tells the page something that it did not ask for."""
        self.widget.send({"tell": what, **content})

    def _heard(self, _: Any, content: Any, __: Any) -> None:
        asked = content if isinstance(content, dict) else {}
        number = asked.get("number")
        answer = self.answers.get(str(asked.get("ask")))
        if answer is None or not isinstance(number, int):
            return
        buffers: list[bytes] = []
        try:
            reply, buffers = answer(asked)
        except UserError as error:
            reply = {"failed": self.say.error(error)}
        except Exception:  # one question's fault must not take the dashboard down
            log.exception("question failed")
            reply = {"failed": self.say("views.card_failed")}
        self.widget.send({"number": number, **reply}, buffers)

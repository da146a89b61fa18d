"""The way between papermill's client and a kernel in the same process: channels without sockets."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from queue import Empty
from typing import Any

from jupyter_client.session import Session

Message = dict[str, Any]


class Channel:
    """One direction of the wire: messages wait until they are asked for, in the order they were sent."""

    def __init__(self) -> None:
        self._waiting: deque[Message] = deque()

    def send(self, message: Message) -> None:
        """Put a message at the end."""
        self._waiting.append(message)

    def get_msg(self, timeout: float | None = None) -> Message:
        """The oldest message; ``Empty`` when there is none: nobody else could send one meanwhile."""
        if not self._waiting:
            raise Empty
        return self._waiting.popleft()

    def drained(self) -> Iterator[Message]:
        """Every waiting message, taken off."""
        while self._waiting:
            yield self._waiting.popleft()


class FromClient(Channel):
    """The shell channel: replies to the client in one direction, its widgets' messages in the other."""

    def __init__(self) -> None:
        super().__init__()
        self.from_client = Channel()

    def send(self, message: Message) -> None:
        """Put a message where its receiver looks."""
        if message["msg_type"].endswith("_reply"):
            super().send(message)
        else:
            self.from_client.send({"buffers": [], **message})


class InMemorySession(Session):
    """Writes messages as the wire would carry them, and hands them to a channel."""

    def send(  # type: ignore[override]
        self, stream: Channel | None, msg_or_type: Any, content: Any = None, parent: Any = None, **more: Any
    ) -> Message:
        """Send a message on ``stream``; what nobody listens to is dropped, as on a closed channel."""
        message = msg_or_type
        if isinstance(msg_or_type, str):
            known = {name: more.get(name) for name in ("header", "metadata")}
            message = self.msg(msg_or_type, content=content, parent=parent, **known)
        carried = {
            **message,
            "content": self._carried(message["content"]),
            "metadata": self._carried(message["metadata"]),
            "buffers": [bytes(one) for one in more.get("buffers") or ()],
        }
        if stream is not None:
            stream.send(carried)
        return carried

    def _carried(self, value: Any) -> Any:
        """What would arrive: long texts, as pages are, come as they are; anything else goes through JSON."""
        return _copied(value) if _plain(value) else self.unpack(self.pack(value))


def _plain(value: Any) -> bool:
    """Whether JSON gives this back as it was."""
    if type(value) is dict:
        return all(type(key) is str and _plain(one) for key, one in value.items())
    if type(value) is not str:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # half a character: JSON says what becomes of it
        return False
    return True


def _copied(value: Any) -> Any:
    return {key: _copied(one) for key, one in value.items()} if type(value) is dict else value

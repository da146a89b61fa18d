"""The register from inside a confined kernel: a socket to the server, which answers for one SME only.

A kernel holds one end of a socket pair and no address, password or file of the register. The server holds
the other end and knows whose kernel it is: whatever SME or author a call names, the server puts in its own.
Calls are JSON; answers, which come from the server only, are pickled.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import os
import pickle
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from echannel.errors import UserError

FD = "ECHANNEL_REGISTER_FD"
_LONGEST = 4 << 20
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
_CALLS: dict[str, Callable[..., Any]] = {}


def for_one_sme(function: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """Marks a function ``(register, sme, …)`` that a kernel may call for its own SME."""
    _CALLS[function.__name__] = function

    @functools.wraps(function)
    def call(*args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
        register = args[0] if args else kwargs["register"]
        if isinstance(register, RemoteRegister):
            return register.call(function.__name__, args[1:], kwargs)
        return function(*args, **kwargs)

    return call


class RemoteRegister:
    """What a kernel has instead of a register: it knows the functions marked ``for_one_sme`` only."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._lock = threading.Lock()

    def call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The answer to one call; what went wrong there is raised here."""
        request = json.dumps({"name": name, "args": args, "kwargs": kwargs}, default=_plain).encode()
        try:
            with self._lock:
                self._socket.sendall(struct.pack("!I", len(request)) + request)
                size = struct.unpack("!I", _exactly(self._socket, 4))[0]
                done, answer = pickle.loads(_exactly(self._socket, size))  # noqa: S301 - from the server
        except OSError:
            raise UserError("reference.error.register_out_of_reach") from None
        if not done:
            raise answer
        return answer


@functools.cache
def remote_register() -> RemoteRegister | None:
    """The register of this process where it was given a socket instead of one."""
    given = os.environ.get(FD)
    return RemoteRegister(int(given)) if given else None


async def answer_kernel(end: socket.socket, register: Any, fixed: Mapping[str, str]) -> None:
    """Answer one kernel's calls until it is gone; arguments named in ``fixed`` are what stands there."""
    reader, writer = await asyncio.open_connection(sock=end)
    try:
        while True:
            size = struct.unpack("!I", await reader.readexactly(4))[0]
            if size > _LONGEST:
                return
            request = await reader.readexactly(size)
            answer = await asyncio.to_thread(_answer, request, register, fixed)
            writer.write(struct.pack("!I", len(answer)) + answer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        return
    finally:
        writer.close()


def _answer(request: bytes, register: Any, fixed: Mapping[str, str]) -> bytes:
    try:
        asked = json.loads(request, object_hook=_from_plain)
        function = _CALLS[asked["name"]]
        call = inspect.signature(function).bind(register, *asked["args"], **asked["kwargs"])
        call.arguments.update({key: fixed[key] for key in fixed if key in call.signature.parameters})
        return pickle.dumps((True, function(*call.args, **call.kwargs)))
    except UserError as error:
        return pickle.dumps((False, error))
    except Exception:  # a call that is not what it should be must not end the others'
        return pickle.dumps((False, UserError("reference.error.register_out_of_reach")))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"$moment": value.isoformat()}
    if hasattr(value, "item"):
        return value.item()  # a number of numpy's
    return dict(value)


def _from_plain(value: dict[str, Any]) -> Any:
    if set(value) == {"$moment"}:
        return datetime.fromisoformat(value["$moment"])
    return value


def _exactly(end: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = end.recv(size - len(parts))
        if not part:
            raise ConnectionResetError
        parts += part
    return bytes(parts)

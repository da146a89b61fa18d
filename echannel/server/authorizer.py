"""Who may do what with a kernel: its owner may look at it and talk to its widgets, nobody anything else."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth import Authorizer, User
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
)
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

# What a page's widgets send. Asking for execution, input, debugging, history or completion is not among it.
_MESSAGES = {"comm_open", "comm_msg", "comm_close", "comm_info_request", "kernel_info_request"}
# The one thing that a page opens by itself: the channel on which it asks for the widgets that are there.
_TARGETS = {"jupyter.widget.control"}
# What its kernel has to say to a page; what cells show is in the page already.
_TOLD = {*_MESSAGES, "comm_info_reply", "kernel_info_reply", "status"}
_V1 = "v1.kernel.websocket.jupyter.org"
_LONGEST = 1 << 20
_PARTS = 5  # of a message without buffers: signature, header, parent's header, metadata, content


class OwnKernels(Authorizer):
    """Lets a person see and hear the kernels that were started for them; everything else is refused."""

    def is_authorized(self, handler: JupyterHandler, user: User, action: str, resource: str) -> bool:
        """Whether the kernel named in the address is the person's; one that is not there is nobody's."""
        named = [*handler.path_args, *handler.path_kwargs.values()]
        if resource != "kernels" or action not in ("read", "execute") or len(named) != 1:
            return False
        return bool(handler.kernel_manager.is_of(named[0], user))  # type: ignore[attr-defined]


class EndOwnKernel(VoilaShutdownKernelHandler):
    """A page that is left ends its kernel; nobody else's."""

    async def post(self, kernel_id: str) -> None:
        """End it, or answer as if there were none."""
        if not self.kernel_manager.is_of(kernel_id, self.current_user):
            self.set_status(404)
            self.finish()
            return
        await super().post(kernel_id)


class WidgetsOnly(ZMQChannelsWebsocketConnection):
    """Passes on what widgets say, on the channel where they say it; the rest never reaches the kernel."""

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Pass a message on, or drop it."""
        try:
            allowed = self._is_allowed(incoming_msg)
        except Exception:  # whatever it was, it was no message
            allowed = False
        if allowed:
            super().handle_incoming_message(incoming_msg)
        else:
            self.log.warning("refused (kernel %s)", self.kernel_id)

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Pass on what is for widgets: a page would get all that its cells show a second time."""
        _, parts = self.session.feed_identities(outgoing_msg)
        # Voilà takes whatever is binary for version 1 of the protocol; what is not that keeps it for hours.
        readable = self.subprotocol == _V1 or len(parts) <= _PARTS
        if readable and self.session.unpack(parts[1])["msg_type"] in _TOLD:
            super().handle_outgoing_message(stream, outgoing_msg)

    def _is_allowed(self, incoming: Any) -> bool:
        if len(incoming) > _LONGEST:
            return False
        channel, header, content = self._parts(incoming)
        if channel != "shell" or header["msg_type"] not in _MESSAGES:
            return False
        return header["msg_type"] != "comm_open" or content["target_name"] in _TARGETS

    def _parts(self, incoming: Any) -> tuple[str | None, dict[str, Any], dict[str, Any]]:
        if self.subprotocol == _V1:
            channel, parts = deserialize_msg_from_ws_v1(incoming)
            return channel, self.session.unpack(parts[0]), self.session.unpack(parts[3])
        if isinstance(incoming, bytes):
            message = deserialize_binary_message(incoming)
        else:
            message = self.session.unpack(incoming.encode())
        return message.get("channel"), message["header"], message["content"]

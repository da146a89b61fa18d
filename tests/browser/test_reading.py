"""Dashboards under hard conditions and in a reader's hands: a slow kernel, help, feedback, other views."""

from __future__ import annotations

import pytest
from watching import Watched, drawn, opened

# What the kernel sends is held back until so many milliseconds after its first word.
_HELD_BACK = """
(function () {
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      let until = 0;
      super.addEventListener("message", (message) => {
        until = until || performance.now() + %d;
        setTimeout(() => this.told && this.told(message), Math.max(0, until - performance.now()));
      });
    }
    set onmessage(told) { this.told = told; }
    get onmessage() { return this.told; }
  };
})();
"""


@pytest.mark.parametrize("size", ["desktop"])
def test_a_slow_kernel_s_widgets_are_drawn_once_they_are_there(live: Watched) -> None:
    """Just at two seconds Voilà's own renderer gave half of them up as missing."""
    live.page.add_init_script(_HELD_BACK % 1900)
    opened(live, "growth", "sme=kent-gifts&lang=en")
    drawn(live)
    live.page.wait_for_function("!document.querySelector('#ec-cells script[type*=echannel]')", timeout=20_000)
    assert live.page.locator(".ec-output .jupyter-widgets").count() >= 40
    live.check()

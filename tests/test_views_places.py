"""Blocks in the page itself: sent together, and only what has changed."""

from __future__ import annotations

from echannel.views import places


class Told:
    def __init__(self):
        self.said = []

    def tell(self, what, **content):
        self.said.append((what, content["html"]))


def test_what_has_not_changed_is_not_sent_and_the_rest_in_one_message():
    channel = Told()
    one, two, three = (places.InPage(html, number, channel) for number, html in enumerate("abc", 1))
    widget = places.InWidget("d")
    places.put_together([(one, "a"), (two, "x"), (three, "y"), (widget, "z")])
    assert channel.said == [("drawn", {"2": "x", "3": "y"})]
    assert widget.widget.value == "z"
    places.put_together([(one, "a"), (two, "x")])
    assert len(channel.said) == 1
    two.put("b")
    assert channel.said[1:] == [("drawn", {"2": "b"})]

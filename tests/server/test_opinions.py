"""What readers said, as their advisors read it: of their own firms only, as text, marked when dealt with."""

from __future__ import annotations

import re

import pytest
import requests
from accessible import barriers
from chromium import ARGUMENTS, find_chromium
from login_help import CANARIES, HOSTILE, OTHER, OWN, Served
from playwright.sync_api import sync_playwright

from echannel.register import Register, add_feedback, count_open, deal_with, opinions_of
from echannel.register.audit_trail import opened
from echannel.register.dealt import spoken_of

LIST = "/opinions?lang={}"
CHIEF = "chief@programme.example"


def _say(register: Register, sme: str, card: str, text: str, kind: str = "missing") -> None:
    add_feedback(register, sme, card.partition(".")[0], card, "en", kind, text)  # type: ignore[arg-type]


@pytest.fixture(scope="module", autouse=True)
def said(served: Served) -> None:
    _say(served.register, OWN, "growth.margin", "first words")
    _say(served.register, OWN, "growth.by_country", f"attack {HOSTILE}")
    _say(served.register, OTHER, "growth.margin", CANARIES[0])


@pytest.fixture(scope="module")
def chief(served: Served) -> requests.Session:
    return served.person(CHIEF, "coordinator")


def _answer(served: Served, browser: requests.Session, **form: str) -> requests.Response:
    data = {"_xsrf": browser.cookies.get("_xsrf", ""), **form}
    return browser.post(served.url + LIST.format("en"), data=data, allow_redirects=False, timeout=60)


def test_only_advisors_read_it(served, anna, paul):
    for browser in (anna, paul):
        home = served.get(browser, "/voila/render/home.ipynb?lang=en").text
        assert "opinions?" not in home
        for path in (LIST.format("en"), f"/opinions?sme={OWN}"):
            answer = served.get(browser, path)
            assert answer.status_code == 404
            assert "first words" not in answer.text
        assert _answer(served, browser, opinion="1", do="dealt").status_code == 404
    assert served.get(served.browser(), LIST.format("en")).status_code == 302


@pytest.mark.parametrize(("language", "words"), [("en", "Still open"), ("fr", "À traiter")])
def test_a_manager_reads_their_own_firms_newest_first(served, mark, language, words):
    home = served.get(mark, f"/voila/render/home.ipynb?lang={language}").text
    assert f'href="{LIST.format(language)}"' in home
    page = served.get(mark, LIST.format(language))
    assert page.status_code == 200 and words in page.text
    assert page.text.index("attack &lt;/script&gt;") < page.text.index("first words")
    assert not any(canary in page.text for canary in CANARIES) and OTHER not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text  # what somebody wrote stands there as text
    assert opened(served.register, OWN)[0].name == "opinions"


def test_another_launch_pad_s_are_neither_shown_nor_marked(served, mark, chief):
    assert served.get(mark, f"/opinions?sme={OTHER}").status_code == 404
    theirs = opinions_of(served.register, [OTHER])
    for number in (*(str(one.id) for one in theirs), "", "-1", "9" * 30, "x"):
        assert _answer(served, mark, opinion=number, do="dealt").status_code == 404
    assert theirs and opinions_of(served.register, [OTHER]) == theirs
    both = served.get(chief, LIST.format("en")).text
    assert CANARIES[0] in both and "first words" in both


def test_what_was_dealt_with_is_marked_and_can_be_opened_again(served, mark):
    page = served.get(mark, "/opinions?lang=en&about=growth.margin").text
    assert "attack" not in page
    (number,) = re.findall(r'name="opinion" value="(\d+)"', page)
    forged = mark.post(served.url + LIST.format("en"), data={"opinion": number}, timeout=60)
    assert forged.status_code == 403
    assert _answer(served, mark, opinion=number, do="dealt").status_code == 303
    assert "first words" not in served.get(mark, LIST.format("en")).text
    dealt = served.get(mark, "/opinions?lang=en&state=dealt").text
    assert "first words" in dealt and "Dealt with by mark@north.example" in dealt
    assert _answer(served, mark, opinion=number, do="open").status_code == 303
    assert "first words" in served.get(mark, LIST.format("en")).text


@pytest.mark.browser
def test_pages_around_a_login_are_for_everybody(served, chief):
    path = find_chromium()
    if path is None:
        pytest.skip("needs Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": 390, "height": 844})
        for language in ("en", "fr"):
            page.goto(f"{served.url}/login?lang={language}")
            assert barriers(page) == []
        page.context.add_cookies(
            [{"name": one.name, "value": one.value, "url": served.url} for one in chief.cookies]
        )
        for language in ("en", "fr"):
            for address in (
                f"/opinions?state=all&lang={language}",
                f"/voila/render/home.ipynb?lang={language}",
            ):
                page.goto(served.url + address)
                assert page.locator("h1").count() == 1 and barriers(page) == []
                assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        # A phone has room for the firm's name, and for the other language.
        page.goto(f"{served.url}/voila/render/growth.ipynb?sme={OWN}&lang=fr")
        page.wait_for_selector("#ec-waiting[hidden]", state="attached", timeout=60_000)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        assert page.locator(".ec-sme-switch select").bounding_box()["width"] >= 150
        browser.close()


def test_long_lists_come_in_parts(tmp_path):
    register = Register(f"sqlite:///{tmp_path / 'register.sqlite'}")
    for number in range(7):
        _say(register, OWN, "growth.margin", f"said {number}")
    first = opinions_of(register, [OWN], most=4)
    rest = opinions_of(register, [OWN], before=first[-1].id, most=4)
    assert [one.text for one in first + rest] == [f"said {number}" for number in reversed(range(7))]
    assert deal_with(register, [OWN], first[0].id, "M") and not deal_with(register, [OTHER], 1, "M")
    assert count_open(register, [OWN]) == 6
    assert [one.by for one in opinions_of(register, [OWN], "growth", "dealt")] == ["M"]
    assert opinions_of(register, [OWN], "audit") == opinions_of(register, []) == []
    assert spoken_of(register, [OWN]) == [(OWN, "growth", "growth.margin")]

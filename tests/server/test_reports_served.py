"""Reports behind the login, the files that pages share, and opinions from a kernel that has no register."""

from __future__ import annotations

import pytest
from login_help import CANARIES, OTHER, OWN

from echannel.register.audit_trail import opened
from echannel.register.feedback import feedback_of
from echannel.server.assets import assets_url


@pytest.fixture(scope="module", autouse=True)
def reports(served):
    for sme, words in ((OWN, "own figures"), (OTHER, CANARIES[2])):
        folder = served.workspace.reports / "all" / sme
        folder.mkdir(parents=True)
        (folder / "growth.en.html").write_text(f"<p>{words}</p>", encoding="utf-8")


def test_a_report_is_its_firm_s_people_s(served, anna, mark, paul):
    address = f"/echannel/report/all/{OWN}/growth.en.html"
    answer = served.get(anna, address)
    assert answer.status_code == 200 and "own figures" in answer.text
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert (opened(served.register, OWN)[0].who, opened(served.register, OWN)[0].what) == (
        "anna@own.example",
        "report",
    )
    assert served.get(mark, address).status_code == 200
    assert served.get(paul, address).status_code == 404
    assert served.get(served.browser(), address).status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        f"all/{OTHER}/growth.en.html",
        f"all/{OWN}/../{OTHER}/growth.en.html",
        f"all/{OWN}/%2e%2e%2f{OTHER}%2fgrowth.en.html",
        f"all%2f{OTHER}/{OWN}/growth.en.html",
        f"all/{OWN}/planning.en.html",
        "all/index.en.html",
        "all/assets/..%2findex.en.html",
    ],
)
def test_nothing_else_is_a_report(served, anna, path):
    answer = served.get(anna, f"/echannel/report/{path}")
    assert answer.status_code in (403, 404)
    assert not any(canary in answer.text for canary in CANARIES)


def test_a_dashboard_leads_to_the_report(served, anna):
    page = served.get(anna, f"/voila/render/growth.ipynb?sme={OWN}&lang=en")
    assert f'href="/echannel/report/all/{OWN}/growth.en.html"' in page.text


def test_shared_files_are_kept_for_a_year_under_their_hash_only(served):
    browser = served.browser()
    hashed = served.get(browser, f"{assets_url()}theme.css")
    assert hashed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert hashed.headers["Content-Encoding"] == "gzip"
    for address in ("/echannel/theme.css", "/echannel/0123456789abcdef/theme.css"):
        assert served.get(browser, address).headers["Cache-Control"] == "no-cache"


def test_an_opinion_from_a_kernel_is_its_own_firm_s(served, olga):
    kernel = served.open_page(olga, OTHER)
    said = served.run_in(
        kernel,
        "from echannel.register import add_feedback, open_register\n"
        "from echannel.workspace import find_workspace\n"
        "register = open_register(find_workspace())\n"
        f"add_feedback(register, {OWN!r}, 'growth', 'growth.margin', 'en', 'missing', 'x')\n"
        "print('noted')",
    )
    assert "noted" in said
    assert len(feedback_of(served.register, [OTHER])) == 1
    assert len(feedback_of(served.register, [OWN])) == 0
    served.close_page(olga, kernel)

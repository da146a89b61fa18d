"""People who try to see what is not theirs, against a running server. Nothing here is simulated."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid

import pytest
import requests
from login_help import CANARIES, HOSTILE, OTHER, OWN, PASSWORD, SECRET, Served
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from echannel.confine import landlock_version
from echannel.register.audit_trail import opened
from echannel.register.duties import duty_states, set_duty_state
from echannel.register.users import add_user, make_link, remove_user

RENDER = "/voila/render/growth.ipynb"


def nothing_of_the_other(answer: requests.Response) -> bool:
    everything = answer.text + json.dumps(dict(answer.headers))
    return not any(canary in everything for canary in CANARIES)


@pytest.fixture(scope="module")
def own_kernel(served, anna):
    return served.open_page(anna, OWN)


@pytest.fixture(scope="module")
def other_kernel(served, olga):
    return served.open_page(olga, OTHER)


# What a person may see


@pytest.mark.parametrize(
    "query",
    [
        f"sme={OTHER}",
        f"sme={OWN}&sme={OTHER}",
        f"sme={OTHER}&sme={OWN}",
        f"sme={OTHER}&lang=fr",
        f"sme={OWN}%00{OTHER}",
        f"sme=../smes/{OTHER}",
        f"sme={OTHER.upper()}",
        f"sme=%20{OTHER}",
        f"lang={OTHER}&sme={OTHER}",
        "sme=*",
        "sme=%ff%fe",
    ],
)
def test_another_firm_in_the_address_is_no_page(served, anna, mark, paul, query):
    for browser in (anna, mark, paul):
        answer = served.get(browser, f"{RENDER}?{query}")
        assert answer.status_code in (400, 404)
        assert nothing_of_the_other(answer)


def test_the_other_firm_is_there_for_those_who_may_see_it(served, olga, other_kernel):
    assert CANARIES[1] in served.run_in(
        other_kernel, "print(page.view.sme.table('products')['name'].tolist())"
    )
    assert CANARIES[0] in served.get(olga, "/voila/render/home.ipynb?lang=en").text


def test_each_role_sees_its_own_on_the_home_page(served, anna, mark, paul):
    for browser, sees in ((anna, True), (mark, True), (paul, False)):
        page = served.get(browser, "/voila/render/home.ipynb?lang=en")
        assert page.status_code == 200
        assert (f"sme={OWN}" in page.text) is sees
        assert f"sme={OTHER}" not in page.text
        assert nothing_of_the_other(page)


def test_parameters_that_voila_would_take_change_nothing(served, anna, own_kernel):
    query = "&template=lab&theme=dark&voila-template=lab&token=x&notebook=home.ipynb&path=../../"
    page = served.get(anna, f"{RENDER}?sme={OWN}&lang=en{query}")
    assert page.status_code == 200
    assert 'class="ec ec-page"' in page.text
    assert "JupyterLab Dark" not in page.text
    served.close_page(anna, re.search(r'"kernelId": "([\w-]{36})"', page.text)[1])


def test_names_are_text_and_only_our_own_scripts_carry_the_nonce(served, anna, mark):
    for browser, path in ((anna, f"{RENDER}?sme={OWN}&lang=en"), (mark, "/voila/render/home.ipynb?lang=en")):
        page = served.get(browser, path)
        assert HOSTILE not in page.text
        assert "<script>window.pwned" not in page.text
        assert "window.pwned" in page.text  # it is there, as text
        policy = page.headers["Content-Security-Policy"]
        script = next(part for part in policy.split(";") if "script-src" in part)
        assert "'unsafe-inline'" not in script
        nonce = re.search(r"'nonce-([\w-]+)'", script)[1]
        inline = re.findall(r"<script(?![^>]*\b(?:src|type)=)([^>]*)>", page.text)
        assert all(f'nonce="{nonce}"' in attributes for attributes in inline)
        for kernel in re.findall(r'"kernelId": "([\w-]{36})"', page.text):
            served.close_page(browser, kernel)


# Other people's kernels


def test_a_kernel_answers_its_owner_only(served, anna, mark, paul, olga, other_kernel):
    for browser in (anna, mark, paul, served.browser()):
        for path in (f"/api/kernels/{other_kernel}", f"/api/kernels/{other_kernel}/channels"):
            assert served.get(browser, path).status_code in (302, 403, 404)
        assert served.close_page(browser, other_kernel).status_code in (403, 404)
        with pytest.raises(HTTPClientError):
            asyncio.run(_open(served, browser, other_kernel))
    for method in ("delete", "put", "patch", "post"):
        for browser in (anna, olga):
            headers = {"X-XSRFToken": browser.cookies.get("_xsrf", "")}
            answer = browser.request(method, f"{served.url}/api/kernels/{other_kernel}", headers=headers)
            assert answer.status_code in (403, 404, 405)
    assert served.get(olga, f"/api/kernels/{other_kernel}").json()["id"] == other_kernel


def test_a_person_of_the_same_firm_is_not_the_owner(served, mark, own_kernel):
    assert served.get(mark, f"/api/kernels/{own_kernel}").status_code == 403
    assert served.close_page(mark, own_kernel).status_code == 404
    assert served.run_in(own_kernel, "print(1 + 1)") == "2"


def test_what_jupyter_can_do_besides_is_closed_to_everybody(served, anna, mark, olga):
    paths = [
        *("/api", "/api/kernels", "/api/sessions", "/api/contents", "/api/contents/growth.ipynb", "/api/me"),
        *(
            "/api/terminals",
            "/terminals/websocket/1",
            "/api/kernelspecs",
            "/kernelspecs/python3/logo-64x64.png",
        ),
        *(
            "/api/nbconvert",
            "/nbconvert/html/growth.ipynb",
            "/files/growth.ipynb",
            "/tree",
            "/lab",
            "/edit/x",
        ),
        *("/api/config/notebook", "/api/status", "/api/shutdown", "/api/spec.yaml", "/view/x", "/metrics"),
        *("/voila/tree", "/voila/tree/smes", "/voila/files/growth.ipynb", "/voila/files/../parameters/smes"),
        *("/voila/api/contents", "/voila/api/contents/growth.ipynb", "/voila/templates/lab/static/voila.js"),
        *(f"/voila/query/{uuid.uuid4()}", f"/voila/execution/{uuid.uuid4()}", "/voila/render/", "/voila"),
        *("/voila/render/connect.ipynb", "/voila/render/../parameters/smes/other-shop.yml", "/login/../api"),
        *(
            "/voila/render/growth.py",
            "/voila/render/..%2f..%2fdata%2fregister.sqlite",
            "/echannel/..%2fapp.py",
        ),
        *(
            "/voila/static/../../register.sqlite",
            "/voila/static/..%2f..%2f..%2fapp.py",
            "/security/csp-report",
        ),
        *("/voila/labextensions/..%2f..%2f..%2fetc%2fpasswd", "/voila/api/themes/..%2f..%2fpasswd"),
    ]
    for browser in (anna, mark, olga, served.browser()):
        for path in paths:
            prepared = requests.Request("GET", served.url + "/", cookies=browser.cookies).prepare()
            prepared.url = served.url + path  # as it is: a browser would tidy up the dots
            answer = browser.send(prepared, allow_redirects=False)
            refused = answer.status_code in (400, 403, 404, 405)
            to_login = answer.status_code == 302 and answer.headers["Location"].startswith("/login?")
            assert refused or (to_login and browser.cookies.get("echannel") is None), (
                path,
                answer.status_code,
            )
            assert nothing_of_the_other(answer)


# What a browser may say to its own kernel


async def _open(
    served: Served, browser: requests.Session, kernel: str, **headers: str
) -> WebSocketClientConnection:
    cookie = "; ".join(f"{one.name}={one.value}" for one in browser.cookies)
    url = f"{served.url.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels?session_id={uuid.uuid4()}"
    return await websocket_connect(HTTPRequest(url, headers={"Cookie": cookie, **headers}))


def _message(kind: str, channel: str, **content: object) -> str:
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "", "session": "s", "version": "5.3"}
    whole = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": channel}
    return json.dumps({**whole, "buffers": []})


async def _say(served: Served, browser: requests.Session, kernel: str, *messages: str | bytes) -> list[dict]:
    """Say all of it, then ask what a page may ask, and hear everything up to that answer."""
    socket = await _open(served, browser, kernel)
    for message in messages:
        await socket.write_message(message, binary=isinstance(message, bytes))
    asked = _message("comm_info_request", "shell")
    await socket.write_message(asked)
    heard = []
    while True:
        said = await asyncio.wait_for(socket.read_message(), 30)
        assert said is not None
        heard.append(json.loads(said))
        if heard[-1]["msg_type"] == "comm_info_reply":
            socket.close()
            return heard


def test_a_browser_can_run_nothing_in_its_own_kernel(served, anna, own_kernel):
    code = "import builtins; builtins.broken_in = True"
    run = {"code": code, "silent": False, "store_history": True, "user_expressions": {"x": code}}
    asked = [
        *(
            _message("execute_request", channel, **run)
            for channel in ("shell", "control", "stdin", "iopub", "x")
        ),
        *(
            _message(kind, "shell", code=code, cursor_pos=3)
            for kind in ("complete_request", "inspect_request")
        ),
        _message("input_reply", "stdin", value=code),
        _message("debug_request", "control", type="request", seq=1, command="evaluate"),
        _message("shutdown_request", "control", restart=False),
        _message("shutdown_request", "shell", restart=False),
        _message("interrupt_request", "control"),
        _message("history_request", "shell", hist_access_type="tail", n=10),
        _message("create_subshell_request", "control"),
        _message("comm_open", "shell", comm_id="x", target_name="jupyter.widget", data={"state": {}}),
        "no json at all",
        b"\x00" * 40,
        b"\xff" * 9,
        _message("EXECUTE_REQUEST", "shell", **run),
        json.dumps({"header": {"msg_type": ["execute_request"]}, "channel": "shell"}),
    ]
    heard = asyncio.run(_say(served, anna, own_kernel, *asked))
    kinds = {one["msg_type"] for one in heard}
    assert "comm_info_reply" in kinds
    assert not kinds & {"execute_reply", "complete_reply", "inspect_reply", "history_reply", "shutdown_reply"}
    assert served.run_in(own_kernel, "import builtins; print(hasattr(builtins, 'broken_in'))") == "False"


def test_a_message_reaches_widgets_of_its_own_kernel_only(served, anna, own_kernel, other_kernel):
    find = "import ipywidgets\nfrom ipywidgets.widgets.widget import _instances\n"
    find += "print([one for one in _instances.values() if isinstance(one, ipywidgets.HTML)][0].model_id)"
    look = "from ipywidgets.widgets.widget import _instances; print(_instances['{}'].tooltip)"
    foreign, own = served.run_in(other_kernel, find), served.run_in(own_kernel, find)
    data = {"method": "update", "state": {"tooltip": "changed"}, "buffer_paths": []}
    messages = [_message("comm_msg", "shell", comm_id=one, data=data) for one in (foreign, own)]
    heard = asyncio.run(_say(served, anna, own_kernel, *messages))
    assert not any(canary in json.dumps(heard) for canary in CANARIES)
    assert served.run_in(own_kernel, look.format(own)) == "changed"
    assert served.run_in(other_kernel, look.format(foreign)) == "None"


def test_another_sites_page_cannot_open_a_websocket(served, anna, own_kernel):
    with pytest.raises(HTTPClientError) as refused:
        asyncio.run(_open(served, anna, own_kernel, Origin="https://evil.example"))
    assert refused.value.code == 403


# What a kernel can reach even where somebody ran code in it


REACH = """
import os, socket
def tried(do):
    try:
        return str(do())[:4000]
    except BaseException as error:
        return type(error).__name__
def read(path):
    return tried(lambda: open(path, 'rb').read())
def walk(path):
    found = [os.path.join(here, name) for here, _, names in os.walk(path) for name in names]
    return [one for one in found if read(one) != 'PermissionError']
"""


def test_a_kernel_can_open_its_own_firms_files_only(served, own_kernel, other_kernel):
    if not landlock_version():
        pytest.skip("this system does not enforce it")
    root = served.workspace.root
    own, other = root / "data" / "store" / OWN, root / "data" / "store" / OTHER
    said = served.run_in(
        own_kernel,
        REACH
        + f"""
print(len(walk({str(own)!r})) > 0, read({str(root / "parameters" / "smes" / f"{OWN}.yml")!r})[:20])
for path in ({str(other)!r}, {str(root / "data" / "inbox" / OTHER)!r}, {str(root / "data" / "keys")!r}):
    print(walk(path))
for path in ("parameters/smes/{OTHER}.yml", "data/register.sqlite", "data/server.key"):
    print(read({str(root)!r} + "/" + path))
print(tried(lambda: os.listdir({str(root / "parameters" / "smes")!r})), tried(lambda: os.listdir('/etc')))
print(read('/etc/passwd'), read({str(served.runtime / "server.log")!r}))
""",
    ).splitlines()
    assert said[0].startswith("True b'id: own-shop")
    assert said[1:4] == ["[]"] * 3
    assert said[4:7] == ["PermissionError"] * 3
    assert said[7] == said[8] == "PermissionError PermissionError"
    (foreign,) = served.runtime.glob(f"voila_*/kernel-{other_kernel}.json")
    port = int(served.url.rsplit(":", 1)[1])
    said = served.run_in(
        own_kernel,
        REACH
        + f"""
print(read({str(foreign)!r}), walk({str(foreign.parent / "homes" / other_kernel)!r}))
print(tried(lambda: socket.create_connection(('127.0.0.1', {port}), 5)))
print(tried(lambda: os.kill(os.getppid(), 0)), tried(lambda: os.execv('/bin/sh', ['sh'])))
print(tried(lambda: open({str(root / "data" / "store" / OTHER / "x")!r}, 'w')))
print({SECRET!r} in read('/proc/self/environ') + str(dict(os.environ)), [*os.environ].count('ECHANNEL_ROOT'))
""",
    ).splitlines()
    assert said == [
        "PermissionError []",
        "PermissionError",
        "PermissionError PermissionError",
        "PermissionError",
        "False 1",
    ]


def test_a_kernel_is_lent_its_cohorts_season_and_learns_of_no_other_firm(served, own_kernel):
    if not landlock_version():
        pytest.skip("this system does not enforce it")
    root = served.workspace.root
    said = served.run_in(
        own_kernel,
        REACH
        + f"""
root = {str(root)!r}
for folder in ("parameters", "parameters/cohorts", "parameters/smes", "data", "data/seasons", "data/store"):
    print(tried(lambda: os.listdir(root + "/" + folder)), tried(lambda: os.scandir(root + "/" + folder)))
for file in ("parameters/cohorts/all.yml", "data/seasons/all.json", "parameters/smes/{OTHER}.yml"):
    print(read(root + "/" + file), tried(lambda: os.open(root + "/" + file, os.O_RDWR)))
from echannel.profiles import cohort_ids, load_cohort, load_sme
from echannel.workspace import find_workspace
here = find_workspace()
print(tried(lambda: cohort_ids(here)))
print(tried(lambda: load_cohort(here, "all")), tried(lambda: load_sme(here, {OTHER!r})))
print({OTHER!r} in str(dict(os.environ)), {CANARIES[2]!r} in str(dict(os.environ)))
from echannel.foresight import season_of_peers
lent = season_of_peers(page.view.sme)
print(lent.firms, lent.spread, (2.718281828 ** lent.log_index).round(2).tolist())
""",
    ).splitlines()
    assert said[:9] == ["PermissionError PermissionError"] * 9
    assert said[9] in ("[]", "PermissionError")
    assert all(word in ("UserError", "PermissionError") for word in said[10].split())
    assert said[11] == "False False"
    assert said[12] == f"5 0.2 {[*[1.25] * 6, *[0.8] * 6]}"


def test_the_register_answers_a_kernel_for_its_own_firm_whatever_it_asks_for(served, own_kernel):
    set_duty_state(served.register, OTHER, "FR", "vat", "done", note=CANARIES[0])
    set_duty_state(served.register, OWN, "FR", "vat", "asked", note="ours")
    said = served.run_in(
        own_kernel,
        f"""
from echannel.register import duty_states, existing_register, set_duty_state
from echannel.workspace import find_workspace
register = existing_register(find_workspace())
for sme in ({OWN!r}, {OTHER!r}):
    print({{duty: row.note for duty, row in duty_states(register, sme, "FR").items()}})
print({{duty: row.note for duty, row in duty_states(register, sme={OTHER!r}, market="FR").items()}})
set_duty_state(register, {OTHER!r}, "FR", "vat", "open", note="written from a kernel", by="somebody else")
for name in ("users", "add_user", "make_link", "__class__", "opened"):
    try:
        print(register.call(name, ({OTHER!r},), {{}}))
    except Exception as error:
        print(type(error).__name__)
""",
    ).splitlines()
    assert said[:3] == ["{'vat': 'ours'}"] * 3
    assert said[3:] == ["UserError"] * 5
    assert duty_states(served.register, OTHER, "FR")["vat"].note == CANARIES[0]
    written = duty_states(served.register, OWN, "FR")["vat"]
    assert written.note == "written from a kernel"
    assert written.by.startswith("Anna")


def test_the_notebook_is_told_its_firm_by_the_server(served, own_kernel):
    code = f"import os; os.environ['QUERY_STRING'] = 'sme={OTHER}'\n"
    code += "print(open_page('growth').view.sme.profile.id)"
    assert served.run_in(own_kernel, code).endswith(OWN)


# Signing in


def test_signing_in_gives_a_new_cookie_and_what_came_before_is_worth_nothing(served):
    served.person("fix@own.example", "member", OWN)
    browser = served.browser()
    planted = {"Cookie": "echannel=2|1:0|10:1795550144|8:echannel|8:cGxhbnRlZA==|" + "0" * 64}
    assert served.get(browser, f"{RENDER}?sme={OWN}&lang=en", headers=planted).status_code == 302
    served.sign_in(browser, "fix@own.example")
    first = browser.cookies.get("echannel")
    home = "/voila/render/home.ipynb?lang=en"
    assert served.get(browser, home).status_code == 200
    token = browser.cookies.get("_xsrf")
    form = {"_xsrf": token, "email": "fix@own.example", "password": PASSWORD}
    before = {"Cookie": f"echannel={first}; _xsrf={token}"}
    answer = requests.post(f"{served.url}/login", data=form, headers=before, allow_redirects=False)
    assert answer.status_code == 302
    assert first not in answer.headers["Set-Cookie"]
    assert served.get(served.browser(), home, headers=before).status_code == 302  # the first one is over


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(served):
    served.person("cookie@own.example", "member", OWN)
    answer = served.sign_in(served.browser(), "cookie@own.example")
    cookie = next(part for part in answer.headers["Set-Cookie"].split(", ") if part.startswith("echannel="))
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    forged = served.browser()
    forged.cookies.set("echannel", "anna@own.example")
    assert served.get(forged, "/voila/render/home.ipynb?lang=en").status_code == 302


def test_a_form_of_another_site_does_nothing(served, anna, own_kernel):
    token = anna.cookies.get("_xsrf", "")
    browser = served.browser()
    good = {"_xsrf": served.token(browser), "email": "anna@own.example", "password": PASSWORD}
    for form, headers in (
        ({**good, "_xsrf": ""}, {}),
        ({**good, "_xsrf": "x" * 20}, {}),
        (good, {"Origin": "https://evil.example"}),
        (good, {"Origin": "null"}),
        (good, {"Sec-Fetch-Site": "cross-site"}),
        (good, {"Sec-Fetch-Site": "same-site"}),
    ):
        answer = browser.post(f"{served.url}/login", data=form, headers=headers, allow_redirects=False)
        assert answer.status_code in (403, 404), (form, headers)
        assert "echannel=" not in answer.headers.get("Set-Cookie", "")
    for url in ("/logout", f"/voila/api/shutdown/{own_kernel}"):
        assert anna.post(served.url + url, allow_redirects=False).status_code == 403
        hostile = {"X-XSRFToken": token, "Origin": "https://evil.example"}
        assert anna.post(served.url + url, headers=hostile, allow_redirects=False).status_code in (403, 404)
    assert served.get(anna, f"/api/kernels/{own_kernel}").status_code == 200


@pytest.mark.parametrize(
    "then",
    [
        *(
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
        ),
        *(
            "/voila/render/../../login",
            "https:evil.example",
            "/%09/evil.example",
            "\t//evil.example",
            "///evil",
        ),
        "/voila/render/x\r\nSet-Cookie: a=b",
    ],
)
def test_signing_in_leads_nowhere_else(served, anna, then):
    served_next = requests.post  # a plain form, as a browser sends it
    browser = served.browser()
    form = {"_xsrf": served.token(browser), "email": "anna@own.example", "password": PASSWORD, "next": then}
    answer = served_next(f"{served.url}/login", data=form, cookies=browser.cookies, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"
    assert (
        f'value="{then}"'
        not in served.get(browser, "/login?" + requests.compat.urlencode({"next": then})).text
    )


def test_signing_in_leads_back_to_the_page_that_was_asked_for(served, anna):
    asked = f"{RENDER}?sme={OWN}&lang=fr"
    browser = served.browser()
    to_login = served.get(browser, asked)
    assert to_login.headers["Location"] == "/login?" + requests.compat.urlencode({"next": asked})
    assert served.sign_in(browser, "anna@own.example", next=asked).headers["Location"] == asked


def test_headers_of_a_visitor_say_nothing_about_who_they_are(served):
    browser = served.browser()
    for name in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", OTHER):
        assert served.get(browser, "/login", headers={"Host": name}).status_code == 403
    spoofed = {
        **dict.fromkeys(("X-Forwarded-User", "X-Remote-User", "Remote-User"), "olga@other.example"),
        **dict.fromkeys(("X-Forwarded-Host", "X-Host"), "evil.example"),
        **dict.fromkeys(("X-Original-URL", "X-Rewrite-URL"), "/voila/render/home.ipynb?lang=en"),
        "Authorization": "token x",
        "X-Forwarded-Proto": "https",
    }
    answer = served.get(browser, f"{RENDER}?sme={OTHER}&lang=en&token=x", headers=spoofed)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login?")
    assert "evil" not in answer.text + str(answer.headers)


def test_guessing_is_slowed_for_known_and_unknown_alike(served, anna):
    for email in ("anna@own.example", "nobody@own.example"):
        browser, codes, texts = served.browser(), [], []
        for number in range(7):
            spoofed = {"X-Forwarded-For": f"203.0.113.{number}", "X-Real-Ip": f"203.0.113.{number}"}
            form = {"_xsrf": served.token(browser), "email": email, "password": f"wrong {number}"}
            answer = browser.post(f"{served.url}/login", data=form, headers=spoofed)
            codes.append(answer.status_code)
            texts.append(re.search(r'role="alert"[^>]*>([^<]+)<', answer.text)[1])
        assert codes == [401] * 5 + [429] * 2
        assert len(set(texts[:5])) == 1
        assert answer.headers["Retry-After"]
    assert served.get(anna, "/voila/render/home.ipynb?lang=en").status_code == 200


def test_a_page_ends_with_the_sign_in_that_opened_it(served):
    browser = served.person("leaver@own.example", "member", OWN)
    kernel = served.open_page(browser, OWN)
    form = {"_xsrf": browser.cookies.get("_xsrf", "")}
    cookie = browser.cookies.get("echannel")
    assert browser.post(f"{served.url}/logout", data=form, allow_redirects=False).status_code == 302
    thief = served.browser()
    thief.cookies.set("echannel", cookie)
    assert served.get(thief, f"/api/kernels/{kernel}").status_code in (302, 403)
    assert not list(served.runtime.glob(f"voila_*/homes/{kernel}"))


def test_who_is_removed_or_reset_is_out_at_once(served):
    for email, end in (("gone@own.example", remove_user), ("reset@own.example", None)):
        browser = served.person(email, "member", OWN)
        kernel = served.open_page(browser, OWN)
        if end:
            end(served.register, email)
        else:
            make_link(served.register, email, "reset")
        assert served.get(browser, "/voila/render/home.ipynb?lang=en").status_code == 302
        deadline = time.monotonic() + 30
        while list(served.runtime.glob(f"voila_*/homes/{kernel}")):  # what was open ends within seconds
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_no_link_that_still_opens_a_door_stands_in_the_log(served):
    add_user(served.register, "new@own.example", "New", "member", OWN)
    link = make_link(served.register, "new@own.example", "invite")
    browser = served.browser()
    form = {"_xsrf": served.token(browser), "password": "short", "again": "short"}
    assert browser.post(f"{served.url}/invite/{link}", data=form).status_code == 422
    assert served.get(browser, f"/reset/{link}x").status_code == 404
    log = (served.runtime / "server.log").read_text()
    assert "422 POST /invite/…" in log
    assert link not in log


# Too many at once


def test_who_comes_when_all_is_full_waits_on_a_friendly_page(
    served, anna, mark, olga, own_kernel, other_kernel
):
    first, second = served.open_page(mark, OWN), served.open_page(mark, OWN)
    waits = served.get(olga, f"{RENDER}?sme={OTHER}&lang=fr")
    assert waits.status_code == 503
    assert '<meta http-equiv="refresh"' in waits.text
    assert "Votre place dans la queue\N{NO-BREAK SPACE}: 1" in waits.text
    later = served.get(anna, f"{RENDER}?sme={OWN}&lang=en")
    assert "Your place in the queue: 2" in later.text
    assert nothing_of_the_other(later)
    served.close_page(mark, first)
    assert served.get(anna, f"{RENDER}?sme={OWN}&lang=en").status_code == 503  # olga came first
    served.close_page(olga, served.open_page(olga, OTHER))
    served.close_page(anna, served.open_page(anna, OWN))
    # One more than a person may have ends what they opened longest ago: nobody fills the room alone.
    third, fourth = served.open_page(mark, OWN), served.open_page(mark, OWN)
    assert served.get(mark, f"/api/kernels/{second}").status_code == 403
    for kernel in (third, fourth):
        assert served.get(mark, f"/api/kernels/{kernel}").status_code == 200
        served.close_page(mark, kernel)


def test_what_was_opened_is_noted_down(served, own_kernel, other_kernel):
    code = (
        "from echannel.register.audit_trail import note_taken\nfrom echannel.workspace import find_workspace"
    )
    code += "\nfrom echannel.register import open_register"
    code += f"\nnote_taken(open_register(find_workspace()), {OTHER!r}, 'growth', 'olga@other.example')"
    assert served.run_in(own_kernel, code) == ""
    noted = {(one.who, one.role, one.what, one.name) for one in opened(served.register, OWN)}
    assert ("anna@own.example", "member", "page", "growth") in noted
    assert ("anna@own.example", "member", "export", "growth") in noted
    assert not any(who.endswith("other.example") for who, *_ in noted)

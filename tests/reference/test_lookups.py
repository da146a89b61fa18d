"""``echannel reference vat`` and ``company``: one firm asked about, in plain words, and nobody named."""

from __future__ import annotations

import pytest
from fakes.server import FakeServer, Reply
from live_help import live

from echannel.cli import run
from echannel.reference import lookups

FIRM = {
    "siren": "303265045",
    "nom_complet": "LA BOUTIQUE",
    "nature_juridique": "5499",
    "etat_administratif": "A",
    "activite_principale": "47.91A",
    "date_creation": "1985-02-01",
    "dirigeants": [{"nom": "MARTIN", "prenoms": "Jeanne"}],
}
TRADER = {**FIRM, "siren": "111111118", "nom_complet": "JEANNE MARTIN", "nature_juridique": "1000"}
BRITISH = {"company_number": "01234567", "company_status": "dissolved", "sic_codes": ["47910"]}


def answer(call):
    """All three registers at one address."""
    if call.path.startswith("/ms/"):
        state = {"303265045": "VALID", "111111111": "INVALID"}.get(call.path[-9:], "MS_UNAVAILABLE")
        return {"isValid": state == "VALID", "userError": state, "name": "MARTIN", "address": "RUE"}
    if call.path == "/search":
        return {"results": [FIRM, TRADER] if call.params["q"] == "boutique" else [FIRM]}
    if call.basic != ("k3y", ""):
        return Reply(b"", 401)
    if call.path == "/search/companies":
        return {"items": [{**BRITISH, "title": "MUGS LTD", "address": {"premises": "RUE"}}]}
    return {**BRITISH, "company_name": "MUGS LTD"} if call.path.endswith("01234567") else Reply(b"", 404)


@pytest.fixture
def asked(tmp_path, monkeypatch, capsys):
    """Runs ``echannel reference`` against the fake; gives its exit code and all that it printed."""
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters" / "reference.yml").write_text("keys: {companies_house: 'env:CH_KEY'}")
    monkeypatch.setenv("CH_KEY", "k3y")
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("ECHANNEL_ROOT", str(tmp_path))
    with FakeServer(answer) as server:
        monkeypatch.setattr(lookups, "Live", lambda place, online: live(tmp_path, server, online))

        def ask(*words: str) -> tuple[int, str]:
            code = run(["reference", *words], {})
            printed = "".join(capsys.readouterr())
            assert not any(secret in printed for secret in ("MARTIN", "RUE", "k3y", "Traceback"))
            kept = [path for path in tmp_path.rglob("*") if path.is_file()]
            assert not any(b"MARTIN" in path.read_bytes() for path in kept)
            return code, printed

        yield ask


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("valid.", "not valid.", "not known now.", "gov.uk")),
        ("fr", ("valable.", "non valable.", "inconnu", "gov.uk")),
    ],
)
def test_vat_numbers_have_three_states_and_british_ones_another_register(asked, language, words):
    numbers = ("FR40303265045", "FR00111111111", "DE222222222", "GB123456789")
    code, printed = asked("vat", *numbers, "--lang", language)
    lines = printed.splitlines()
    assert code == 1 and len(lines) == 4
    for number, line, word in zip(numbers, lines, words, strict=True):
        assert line.startswith(number) and word in line
    assert asked("vat", numbers[0])[0] == 0


def test_a_firm_by_number_or_name_without_its_people(asked):
    code, printed = asked("company", "303 265 045", "--country", "FR")
    assert code == 0 and "LA BOUTIQUE (303265045): active" in printed and "47.91A" in printed
    code, printed = asked("company", "boutique", "--country", "fr", "--lang", "fr")
    assert code == 0 and "LA BOUTIQUE" in printed and "111111118" in printed and "individuelle" in printed
    assert asked("company", "999999999", "--country", "FR")[0] == 1


def test_a_british_firm_by_number_or_name(asked):
    for wanted in ("1234567", "mugs"):
        code, printed = asked("company", wanted, "--country", "GB")
        assert code == 0 and "MUGS LTD (01234567): no longer active" in printed
    assert "99" in asked("company", "09999999", "--country", "GB")[1]


def test_what_cannot_be_asked_is_said(asked, tmp_path):
    (tmp_path / "parameters" / "reference.yml").unlink()
    code, printed = asked("company", "01234567", "--country", "GB")
    assert code == 1 and "Companies House" in printed
    code, printed = asked("company", "x", "--country", "DE", "--lang", "fr")
    assert code == 1 and "FR" in printed
    assert asked("vat", *["FR1"] * (lookups.MOST_NUMBERS + 1))[0] == 1

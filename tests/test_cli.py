"""The command line, end to end: both languages, errors as one line, exit codes."""

from __future__ import annotations

import re

import pytest
from shop_connector import NAME, REFERENCE, write_profile, write_shop
from test_sync import mistake, shop

from echannel import __version__, cli, connectors
from echannel.cli import chosen_language, run
from echannel.locale import LANGUAGES, messages
from echannel.workspace import Workspace

COMMANDS = [command.name or command.callback.__name__ for command in cli.app.registered_commands]

COHORT = """\
id: pair
name: {en: Pair, fr: Paire}
launch_pads: [Kent]
groups:
  - {id: all, name: {en: All, fr: Toutes}, smes: [good-shop, bad-shop, other-shop]}
"""

ORDERS = """\
Order ID,Order Date,Product,Quantity,Unit price,Total
1,2025-01-02,Candle,2,5.00,10.00
2,2025-01-03,Soap,1,5.00,5.00
"""


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Workspace:
    monkeypatch.setitem(connectors._BUILT_IN, NAME, REFERENCE)
    monkeypatch.setenv("ECHANNEL_ROOT", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "parameters" / "smes").mkdir(parents=True)
    return Workspace(tmp_path)


def test_the_language_is_the_readers():
    assert chosen_language(["sync", "x", "--lang", "fr"], {"LANG": "en_GB.UTF-8"}) == "fr"
    assert chosen_language(["--lang=fr"], {}) == "fr"
    assert chosen_language([], {"ECHANNEL_LANG": "fr", "LANG": "en_GB"}) == "fr"
    assert chosen_language([], {"LC_ALL": "fr_FR.UTF-8", "LANG": "en_GB"}) == "fr"
    assert chosen_language([], {"LANG": "de_DE"}) == "en"
    assert chosen_language([], {}) == "en"


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_speaks_one_language(workspace, capsys, language, command):
    arguments = [part for part in (command, "--help", "--lang", language) if part]
    assert run(arguments, {}) == 0
    shown = capsys.readouterr().out
    assert messages(language)["cli.usage"] in shown
    assert messages(language)["cli.help_option"] in shown
    assert not re.search(r"\b(cli|batch|serve|demo|sync|wizard)\.\w+\.\w+", shown), "a key without words"
    if language == "fr":
        assert not re.search(r"Usage:|Show this|\[default|\[required|Commands|Arguments? ─╮", shown)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["sync"], "PME|COHORTE"),
        (["sync", "--colour"], "--colour"),
        (["sync", "x", "--workers", "many"], "--workers"),
        (["fly"], "incompréhensible"),
    ],
)
def test_a_mistyped_command_line_is_explained(workspace, capsys, arguments, expected):
    assert run([*arguments, "--lang", "fr"], {}) == 2
    said = capsys.readouterr().err
    assert expected in said
    assert "--help" in said
    assert "Traceback" not in said


def test_an_unknown_language_is_an_error_that_names_the_known_ones(capsys):
    assert run(["--lang", "de"], {}) == 1
    assert "en, fr" in capsys.readouterr().err


def test_the_version(capsys):
    assert run(["--version"], {}) == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize(("language", "word"), [("en", "no SME called"), ("fr", "PME")])
def test_an_unknown_sme_is_one_line_and_exit_code_1(workspace, capsys, language, word):
    assert run(["sync", "nobody", "--lang", language], {}) == 1
    said = capsys.readouterr().err.strip()
    assert word in said
    assert len(said.splitlines()) == 1


def test_syncing_one_sme_says_what_was_read_and_refused(workspace, capsys):
    write_profile(workspace.root, "good-shop")
    refused = [mistake(row) for row in range(2, 39)]
    write_shop(workspace.inbox / "good-shop" / "a.json", shop(*map(str, range(1200)), refused=refused))
    assert run(["sync", "good-shop", "--lang", "fr"], {}) == 0
    said = capsys.readouterr().out
    assert "1\u202f200 commandes lues." in said
    assert "37 lignes refusées, voici pourquoi\u00a0:" in said
    assert "good-shop/quarantine/shop__a.json.csv" in said
    assert run(["sync", "good-shop", "--lang", "en"], {}) == 0
    assert "Nothing new" in capsys.readouterr().out
    assert run(["sync", "good-shop", "--again", "--lang", "en"], {}) == 0
    assert "1,200 orders read" in capsys.readouterr().out


@pytest.mark.parametrize("workers", ["1", "2"])
def test_one_failing_sme_stops_no_other(workspace, capsys, workers):
    """In processes of their own too, with the connector for files."""
    options = '{folder: data/inbox/%s, files: [{match: "*.csv", preset: generic_orders}]}'
    for sme in ("good-shop", "bad-shop", "other-shop"):
        write_profile(workspace.root, sme, connector="files")
        path = workspace.parameters / "smes" / f"{sme}.yml"
        text = path.read_text().replace(f"{{folder: data/inbox/{sme}}}", options % sme)
        path.write_text(text)
        (workspace.inbox / sme).mkdir(parents=True)
        (workspace.inbox / sme / "orders.csv").write_text(ORDERS)
    bad = workspace.parameters / "smes" / "bad-shop.yml"
    secret = '    secrets: {key: "env:ECHANNEL_NOT_THERE"}\n'
    bad.write_text(bad.read_text() + secret)
    (workspace.parameters / "cohorts").mkdir()
    (workspace.parameters / "cohorts" / "pair.yml").write_text(COHORT)
    assert run(["sync", "pair", "--workers", workers, "--lang", "en"], {}) == 1
    shown = capsys.readouterr()
    rows = {line.split()[0]: line for line in shown.out.splitlines() if "-shop" in line}
    assert list(rows) == ["good-shop", "bad-shop", "other-shop"]
    assert rows["good-shop"].split()[-1] == "read"
    assert "failed" in rows["bad-shop"]
    assert "ECHANNEL_NOT_THERE" in shown.err
    assert len(shown.err.strip().splitlines()) == 1
    assert "Traceback" not in shown.err
    bad.write_text(bad.read_text().removesuffix(secret))
    assert run(["sync", "pair", "--workers", workers, "--lang", "en"], {}) == 0
    shown = capsys.readouterr().out
    assert "nothing new" in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_of_a_sync_fits_a_narrow_terminal_and_its_rows_add_up(
    workspace, capsys, monkeypatch, language
):
    monkeypatch.setenv("COLUMNS", "80")
    names = ["broceliande-livres", "canterbury-books"]
    for sme in names:
        write_profile(workspace.root, sme)
        write_shop(workspace.inbox / sme / "a.json", shop("1", "2", refused=[mistake(2)]))
    (workspace.parameters / "cohorts").mkdir()
    text = COHORT.replace("good-shop, bad-shop, other-shop", ", ".join(names))
    (workspace.parameters / "cohorts" / "pair.yml").write_text(text)
    assert run(["sync", "pair", "--workers", "1", "--lang", language], {}) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    for sme in names:
        cells = [cell for line in lines if sme in line for cell in line.split()]
        assert cells[:4] == [sme, "3", "2", "1"]
        assert cells[-1] == {"en": "read", "fr": "lue"}[language]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("command", [[], ["init"], ["sync"], ["demo"], ["run"], ["serve"]])
def test_help_shows_no_type_of_the_programming_language(capsys, language, command):
    assert run([*command, "--help", "--lang", language], {}) == 0
    assert not re.search(r"<\w+>", capsys.readouterr().out)


def test_a_mistake_of_ours_shows_no_traceback_and_no_data(workspace, capsys, monkeypatch):
    def broken(*_: object) -> None:
        raise ValueError("ann@example.com")

    monkeypatch.setattr("echannel.profiles.resolve_smes", broken)
    assert run(["sync", "x", "--lang", "fr"], {}) == 1
    said = capsys.readouterr().err
    assert "test_cli.py:" in said
    assert "ann@" not in said
    with pytest.raises(ValueError, match="ann@"):
        run(["sync", "x"], {"ECHANNEL_DEBUG": "1"})


def test_names_from_outside_are_no_markup(workspace, capsys):
    assert run(["sync", "[red]x[/red]", "--lang", "en"], {}) == 1
    assert "[red]x[/red]" in capsys.readouterr().err

"""From files to a profile: proposals taken as they are, corrected, and refused when they make no sense."""

from __future__ import annotations

import builtins
import csv
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from echannel import wizard
from echannel.cli import run
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker, messages
from echannel.profiles import load_sme
from echannel.store import SmeStore
from echannel.tables import TABLES
from echannel.wizard import words
from echannel.wizard.console import corrected
from echannel.workspace import Workspace

BAD = 37


def french_export(path: Path, orders: int = 240) -> Path:
    """Story 3: a French export (;, decimal comma, cp1252, day/month/year) with dates that do not exist."""
    rows = ["Référence;Date;Client;Produit;Quantité;Prix unitaire TTC;Total TTC;Mémo"]
    for number in range(orders + BAD):
        day = "31/02/2025" if number < BAD else f"{number % 28 + 1:02d}/{number % 12 + 1:02d}/2025"
        total = f"{(number % 3 + 1) * 12.9:.2f}".replace(".", ",")
        person = f"client{number % 50}@exemple.fr"
        rows.append(f"C{number:04d};{day};{person};Bougie é;{number % 3 + 1};12,90;{total};x{number}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows), encoding="cp1252")
    return path


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Workspace:
    monkeypatch.setenv("ECHANNEL_ROOT", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "160")
    (tmp_path / "parameters" / "smes").mkdir(parents=True)
    return Workspace(tmp_path)


@pytest.fixture
def typed(monkeypatch):
    """Types these answers, one per question."""

    def answers(*lines: str) -> list[str]:
        left = list(lines)

        def answer(_: str = "") -> str:
            if not left:
                raise EOFError
            return left.pop(0)

        monkeypatch.setattr(builtins, "input", answer)
        return left

    return answers


def init(*arguments: str, language: str = "fr") -> int:
    return run(["init", *arguments, "--lang", language], {})


def test_story_3_from_a_french_export_to_the_first_chart(workspace, capsys):
    export = french_export(workspace.root / "exports" / "commandes_2025-01.csv")
    assert init("epicerie", "--files", str(export), "--launch-pad", "Lorient", "--yes", "--sync") == 0
    said = capsys.readouterr().out
    assert "240 commandes lues." in said
    assert "37 lignes refusées, voici pourquoi\u00a0:" in said
    assert "Chiffre d’affaires HT par mois" in said
    assert "janv. 2025" in said
    profile = load_sme(workspace, "epicerie")
    assert (profile.country, profile.currency, profile.timezone) == ("FR", "EUR", "Europe/Paris")
    store = SmeStore(workspace.store / "epicerie")
    assert len(store.read("orders")) == 240
    kept = store.read("orders")["total_gross"].sum()
    numbers = pd.Series(range(BAD, 240 + BAD))
    assert kept == pytest.approx(((numbers % 3 + 1) * 12.9).sum())
    quarantine = next((store.path / "quarantine").iterdir())
    with quarantine.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    assert [int(row["Ligne"]) for row in rows] == list(range(2, BAD + 2))
    assert {row["Valeur"] for row in rows} == {"31/02/2025"}
    assert "exemple.fr" not in quarantine.read_text(encoding="utf-8-sig")


def test_the_next_export_of_the_same_kind_is_read_too(workspace):
    folder = workspace.root / "exports"
    french_export(folder / "commandes_2025-01.csv", 10)
    assert init("epicerie", "--files", str(folder), "--launch-pad", "Lorient", "--yes", "--sync") == 0
    shutil.copy(folder / "commandes_2025-01.csv", folder / "commandes_2025-02.csv")
    text = (
        (folder / "commandes_2025-02.csv")
        .read_text(encoding="cp1252")
        .replace(";x", ";y")
        .replace("C00", "D00")
    )
    (folder / "commandes_2025-02.csv").write_text(text, encoding="cp1252")
    assert run(["sync", "epicerie", "--lang", "fr"], {}) == 0
    assert len(SmeStore(workspace.store / "epicerie").read("orders")) == 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_guided_with_a_correction(workspace, capsys, typed, language):
    folder = workspace.root / "exports"
    french_export(folder / "a.csv")
    say = Speaker(language)
    left = typed(
        "Épicerie du Port",  # name
        "",  # identifier, as proposed
        str(folder),
        "1" if language == "fr" else "FR",
        *["", ""],  # languages, orientation as proposed
        "francs",
        *["", "", ""],  # time zone, VAT, financial year as proposed
        "Lorient",
        "eur",  # francs are no currency any more
        "dollars",
        "eur",  # nor are dollars, in a file
        say.percent(0.055),
        f"{words.field_label('payment_method', say)} = mémo",
        "nonsense",
        f"{words.field_label('payment_method', say)} = no such column",
        "",  # accept
        say("common.yes"),
    )
    assert init(language=language) == 0
    assert left == []
    profile = load_sme(workspace, "epicerie-du-port")
    assert profile.name == "Épicerie du Port"
    assert profile.launch_pad == "Lorient"
    mapping = profile.sources[0].options["files"][0]["mapping"]
    assert mapping["payment_method"] == "Mémo"
    assert profile.sources[0].options["files"][0]["constants"] == {"vat_rate": 0.055}
    rates = SmeStore(workspace.store / profile.id).read("order_lines")["vat_rate"]
    assert set(rates) == {0.055}
    shown = capsys.readouterr()
    assert "FRANCS" in shown.err.upper()
    assert "dollars" in shown.err
    assert "nonsense" in shown.err
    assert "no such column" in shown.err
    paid_by = SmeStore(workspace.store / profile.id).read("orders")["payment_method"]
    assert set(paid_by) == {f"x{number}" for number in range(BAD, 240 + BAD)}


def test_stopping_half_way_writes_nothing(workspace, capsys, typed):
    french_export(workspace.root / "exports" / "a.csv")
    typed("Shop", "shop", str(workspace.root / "exports"))
    assert init(language="en") == 130
    assert list((workspace.parameters / "smes").iterdir()) == []


def test_files_of_several_folders_are_copied_into_the_inbox(workspace):
    one = french_export(workspace.root / "x" / "a.csv", 5)
    two = french_export(workspace.root / "y" / "b.csv", 5)
    folder, files = wizard.placed(workspace, "shop", [one, two])
    assert folder == "data/inbox/shop"
    assert [path.name for path in files] == ["a.csv", "b.csv"]
    assert files[0].read_bytes() == one.read_bytes()
    wizard.placed(workspace, "shop", [one, two])  # the same files again
    two.write_text("other")
    with pytest.raises(UserError, match="file_exists"):
        wizard.placed(workspace, "shop", [one, two])


def test_a_folder_outside_the_workspace_is_named_in_full(workspace, tmp_path_factory):
    export = french_export(tmp_path_factory.mktemp("elsewhere") / "a.csv", 5)
    folder, files = wizard.placed(workspace, "shop", [export])
    assert (folder, files) == (str(export.parent.resolve()), [export.resolve()])


def test_an_existing_profile_is_replaced_only_when_asked_and_keeps_its_other_sources(workspace, capsys):
    export = french_export(workspace.root / "exports" / "a.csv", 5)
    command = ["shop", "--files", str(export), "--launch-pad", "Kent", "--yes"]
    assert init(*command, "--country", "GB", "--name", "The Shop") == 0
    path = workspace.parameters / "smes" / "shop.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["sector"] = "Food"
    content["sources"].insert(
        0, {"id": "till", "connector": "files", "options": {"folder": "till", "files": []}}
    )
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert init(*command) == 1
    assert "--replace" in capsys.readouterr().err
    assert init(*command, "--replace", "--currency", "eur") == 0
    again = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert [source["id"] for source in again["sources"]] == ["till", "files"]
    assert (again["sector"], again["name"], again["currency"]) == ("Food", "The Shop", "EUR")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["../evil", "--launch-pad", "Kent"], "../evil"),
        (["shop", "--launch-pad", "Kent", "--timezone", "Mars/Base"], "Mars/Base"),
        (["shop", "--launch-pad", "Kent", "--country", "ZZ"], "ZZ"),
        (["shop"], "--launch-pad"),
        (["shop", "--launch-pad", "Kent", "--vat-regime", "none"], "none"),
        (["shop", "--launch-pad", "Kent", "--files", "nowhere.csv"], "nowhere.csv"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_wrong_is_one_line_and_nothing_is_written(workspace, capsys, arguments, expected, language):
    export = french_export(workspace.root / "exports" / "a.csv", 5)
    files = [] if "--files" in arguments else ["--files", str(export)]
    assert init(*arguments, *files, "--yes", language=language) == 1
    said = capsys.readouterr().err.strip()
    assert expected in said
    assert len(said.splitlines()) == 1
    assert list((workspace.parameters / "smes").iterdir()) == []


def test_an_empty_folder_says_what_to_put_there(workspace, capsys):
    (workspace.inbox / "shop").mkdir(parents=True)
    assert init("shop", "--launch-pad", "Kent", "--yes", language="en") == 1
    assert ".csv" in capsys.readouterr().err


def test_files_that_are_no_tables_write_no_profile(workspace, capsys):
    path = workspace.root / "exports" / "a.xlsx"
    path.parent.mkdir()
    path.write_bytes(b"not a workbook")
    assert init("shop", "--files", str(path), "--launch-pad", "Kent", "--yes", language="en") == 1
    assert "Traceback" not in capsys.readouterr().err
    assert list((workspace.parameters / "smes").iterdir()) == []


def test_what_is_proposed_follows_from_the_country(workspace):
    french, british = (wizard.suggested(workspace, "shop", code) for code in ("FR", "GB"))
    assert (french["currency"], french["timezone"], french["languages"]) == ("EUR", "Europe/Paris", ["fr"])
    assert (british["currency"], british["timezone"], british["languages"]) == (
        "GBP",
        "Europe/London",
        ["en"],
    )
    assert wizard.suggested(workspace, "shop", language="fr")["country"] == "FR"
    assert wizard.suggested(workspace, "shop", language="en")["country"] == "GB"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Breizh Épicerie", "breizh-epicerie"), ("  L'Atelier & Co. ", "l-atelier-co"), ("日本", "")],
)
def test_an_identifier_comes_from_the_name(name, expected):
    assert wizard.id_from_name(name) == expected


def test_a_correction_names_its_field_by_number_words_or_name(workspace):
    export = french_export(workspace.root / "exports" / "a.csv", 5)
    identity = wizard.suggested(workspace, "shop", "FR")
    found = wizard.looked_at(workspace, identity, [export], {}).files[0]
    say = Speaker("fr")
    first = found.fields[0].field
    assert corrected("1 = Mémo", found, say) == (f"mapping.{first}", "Mémo")
    assert corrected(f"{first} = mémo", found, say) == (f"mapping.{first}", "Mémo")
    assert corrected(f"{words.field_label(first, say)} = -", found, say) == (f"mapping.{first}", [])


def test_a_field_can_be_left_without_a_column(workspace):
    export = french_export(workspace.root / "exports" / "a.csv", 5)
    identity = wizard.suggested(workspace, "shop", "FR")
    answers = wizard.answered({}, "a.csv", "mapping.customer", [])
    found = wizard.looked_at(workspace, identity, [export], answers).files[0]
    assert "customer" not in {match.field for match in found.fields}
    assert "Client" in words.unused_headers(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_canonical_column_has_a_name_in_words(language):
    for table in TABLES.values():
        for column in table.columns:
            assert f"sync.field.{column}" in messages(language), column

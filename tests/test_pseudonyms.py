"""Pseudonyms and secrets: what identifies people or opens doors never shows."""

from __future__ import annotations

import hashlib
import os
import unicodedata

import keyring
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.pseudonyms import KEY_BYTES, key_path, load_key, pseudonymiser
from echannel.secrets import resolve, resolve_all
from echannel.workspace import Workspace

KEY = bytes(range(32))


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path):
    path = key_path(Workspace(tmp_path), "kent-gifts")
    key = load_key(path)
    assert len(key) == KEY_BYTES
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path) == key
    assert load_key(path.with_name("other.key")) != key


@pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused(tmp_path, mode):
    path = tmp_path / "a.key"
    key = load_key(path)
    path.chmod(mode)
    with pytest.raises(UserError) as refused:
        load_key(path)
    sentence = Speaker("fr").error(refused.value)
    assert "chmod 600" in sentence
    assert key.hex() not in sentence


def test_a_damaged_or_lost_key_is_said(tmp_path):
    path = tmp_path / "a.key"
    with pytest.raises(UserError, match="key_lost"):
        load_key(path, create=False)
    load_key(path)
    path.write_bytes(b"short")
    with pytest.raises(UserError, match="key_damaged"):
        load_key(path)


def test_pseudonyms_are_the_keyed_blake2_of_the_plain_value():
    expected = hashlib.blake2b(b"ann@example.com", key=KEY, digest_size=10).hexdigest()
    assert pseudonymiser(KEY)(pd.Series(["ann@example.com"])).item() == expected


def test_the_same_person_however_written():
    variants = ["Ann@Example.com", " ann@example.com ", "ann@example.com", "ANN@EXAMPLE.COM\u00a0"]
    assert len(set(pseudonymiser(KEY)(pd.Series(variants)))) == 1
    names = pd.Series(["Élodie  Martin", "élodie martin", "E\u0301lodie Martin"])
    assert len(set(pseudonymiser(KEY)(names))) == 1


def test_empty_stays_empty_and_rows_stay_in_place():
    values = pd.Series(["a", None, "", "  ", "b", "a"], index=[5, 3, 9, 1, 0, 2])
    found = pseudonymiser(KEY)(values)
    assert list(found.index) == list(values.index)
    assert list(found.isna()) == [False, True, True, True, False, False]
    assert found[5] == found[2] != found[0]
    assert pseudonymiser(KEY)(pd.Series([], dtype=object)).empty


def test_numbers_are_identifiers_too():
    assert pseudonymiser(KEY)(pd.Series([17850, 17850, 13047])).nunique() == 2


def plain(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


@given(st.text(), st.text())
def test_two_values_share_a_pseudonym_only_if_they_are_the_same(first, second):
    pseudonyms = pseudonymiser(KEY)(pd.Series([first, second]))
    assert list(pseudonyms.isna()) == [not plain(first), not plain(second)]
    if plain(first) and plain(second):
        assert (pseudonyms[0] == pseudonyms[1]) == (plain(first) == plain(second))


def test_two_smes_share_no_pseudonym():
    value = pd.Series(["ann@example.com"])
    assert pseudonymiser(KEY)(value).item() != pseudonymiser(KEY[::-1])(value).item()


def test_a_secret_comes_from_the_environment_and_does_not_show(monkeypatch):
    monkeypatch.setenv("SHOP_KEY", "s3cret")
    secret = resolve("env:SHOP_KEY")
    assert secret.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(secret) + str(secret)
    assert "s3cret" not in repr(resolve_all({"key": "env:SHOP_KEY"}))


def test_a_secret_comes_from_the_keyring(monkeypatch):
    monkeypatch.setattr(keyring, "get_password", lambda service, user: f"{service}+{user}")
    assert resolve("keyring:shop/kent").get_secret_value() == "shop+kent"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_missing_secret_is_named_by_its_reference(monkeypatch, language):
    monkeypatch.delenv("SHOP_KEY", raising=False)
    monkeypatch.setattr(keyring, "get_password", lambda service, user: None)
    for reference in ("env:SHOP_KEY", "keyring:shop/kent"):
        with pytest.raises(UserError) as missing:
            resolve(reference)
        assert reference in Speaker(language).error(missing.value)


def test_a_keyring_that_does_not_work_is_said(monkeypatch):
    def broken(service, user):
        raise keyring.errors.NoKeyringError("none")

    monkeypatch.setattr(keyring, "get_password", broken)
    with pytest.raises(UserError, match="no_keyring"):
        resolve("keyring:shop/kent")


def test_a_plain_secret_is_refused_and_not_repeated():
    with pytest.raises(UserError) as plain:
        resolve("hunter2")
    assert "hunter2" not in str(plain.value) + Speaker("en").error(plain.value)

"""The fast reader of YAML against the one that is written in Python: the same values, the same errors."""

from __future__ import annotations

import pytest
import yaml
from catalogue_scan import ROOT

from echannel.yml import read_yaml

FILES = sorted([*(ROOT / "echannel").rglob("*.yml"), *(ROOT / "parameters").rglob("*.yml")])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_reads_the_same(path):
    text = path.read_text(encoding="utf-8")
    assert read_yaml(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    "text",
    ["a: [1, 2", "a: b\n c: d", "a:\n\t- b", "'", "a: !!python/object/apply:os.getcwd []", "\x00", "a: *x"],
)
def test_what_is_broken_is_said_in_the_same_words(text):
    said = []
    for read in (read_yaml, yaml.safe_load):
        with pytest.raises(yaml.YAMLError) as broken:
            read(text)
        said.append(str(broken.value))
    assert said[0] == said[1]

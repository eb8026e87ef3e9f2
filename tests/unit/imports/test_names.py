import pytest
from hypothesis import given
from hypothesis import strategies as st

from roiqa.studies.imports.names import MAX_LENGTH, NameRefused, clean_name, is_litter


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("a.jpg", "a.jpg"),
        ("train\\a.jpg", "train/a.jpg"),
        ("./train//a.jpg", "train/a.jpg"),
        ("..a/b..jpg", "..a/b..jpg"),
        ("a\x00\r\n.jpg", "a.jpg"),
        ("cafe\u0301.jpg", "caf\u00e9.jpg"),
        ("\u202egpj.exe", "gpj.exe"),
    ],
)
def test_a_name_is_kept_but_for_what_cannot_be_seen(raw: str, clean: str) -> None:
    assert clean_name(raw) == clean


@pytest.mark.parametrize(
    "raw", ["", "/", "..", "a/..", "../a", "/a", "\\\\host\\a", "C:a", ".\u200b./a", "\x00/a", "./."]
)
def test_a_name_that_leaves_its_folder_or_is_none_is_refused(raw: str) -> None:
    with pytest.raises(NameRefused):
        clean_name(raw)


def test_a_long_name_keeps_its_end() -> None:
    assert clean_name("folder/" * 60 + "a.jpg") == "folder/" * 35 + "a.jpg"
    assert clean_name("b" * 300 + ".jpg") == "b" * 251 + ".jpg"
    for length in range(240, 260):
        assert ".." not in clean_name("a../" + "b" * length + ".jpg").split("/")


@given(st.text())
def test_whatever_is_accepted_is_relative_short_and_stays_the_same(raw: str) -> None:
    try:
        name = clean_name(raw)
    except NameRefused:
        return
    assert 0 < len(name) <= MAX_LENGTH
    assert not name.startswith("/")
    assert ".." not in name.split("/")
    assert clean_name(name) == name


def test_only_what_systems_leave_is_litter() -> None:
    assert all(is_litter(name) for name in [".DS_Store", "a/Thumbs.db", "__MACOSX/x.jpg", "a/._b.jpg", "desktop.ini"])
    assert not any(is_litter(name) for name in ["a.jpg", "._folder/a.jpg", "MACOSX/a.jpg", "thumbs.db.jpg"])

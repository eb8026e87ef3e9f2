import uuid

import pytest

from roiqa.studies.imports.coco import CocoImage, CocoRefused
from roiqa.studies.imports.matching import Candidate, Candidates


def here(*names: str) -> Candidates:
    return Candidates(Candidate(uuid.uuid4(), f"{number:064}", 10, 10, name) for number, name in enumerate(names))


def wanted(name: str, *, sha256: str = "", only: bool = True) -> CocoImage:
    return CocoImage(file_name=name, sha256=sha256, width=None, height=None, is_only_of_its_name=only)


def found(candidates: Candidates, image: CocoImage) -> str | None:
    match = candidates.find(image)
    return None if match is None else match.file_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("train/1.jpg", "train/1.jpg"),
        ("./train/1.jpg", "train/1.jpg"),
        ("train\\1.jpg", "train/1.jpg"),
        ("data/train/1.jpg", "train/1.jpg"),
        ("2.jpg", "val/2.jpg"),
        ("C:\\pictures\\3.jpg", "3.jpg"),
        ("test/2.jpg", None),
        ("4.jpg", None),
        ("", None),
    ],
)
def test_paths_agree_wholly_or_at_their_ends(name: str, expected: str | None) -> None:
    assert found(here("train/1.jpg", "val/1.jpg", "val/2.jpg", "3.jpg"), wanted(name)) == expected


def test_the_whole_path_wins_over_a_longer_one() -> None:
    assert found(here("set/train/1.jpg", "train/1.jpg"), wanted("train/1.jpg")) == "train/1.jpg"


def test_several_equally_good_names_are_refused() -> None:
    with pytest.raises(CocoRefused, match=r"train/1\.jpg, val/1\.jpg"):
        here("train/1.jpg", "val/1.jpg").find(wanted("1.jpg"))


def test_a_bare_name_that_the_coco_file_uses_twice_matches_nothing() -> None:
    assert found(here("1.jpg"), wanted("train/1.jpg", only=False)) is None


def test_the_hash_decides_where_there_is_one() -> None:
    candidates = here("a.jpg", "b.jpg")
    assert found(candidates, wanted("a.jpg", sha256=f"{1:064}")) == "b.jpg"
    assert found(candidates, wanted("a.jpg", sha256="f" * 64)) is None


def test_a_decomposed_name_is_the_composed_one() -> None:
    assert found(here("caf\u00e9.jpg"), wanted("cafe\u0301.jpg")) == "caf\u00e9.jpg"


def test_a_copy_named_after_the_hash_stands_for_the_original() -> None:
    original = "ab" * 32
    assert found(here(f"images/{original}.png"), wanted("x.jpg", sha256=original)) == f"images/{original}.png"

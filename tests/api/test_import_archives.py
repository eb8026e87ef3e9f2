"""Zip files made to do harm: each bad member is refused with its reason, the good one beside it arrives."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from roiqa.accounts.models import User
from roiqa.studies.imports import archives
from roiqa.studies.models import Study, StudyImage
from tests.api.import_files import codes, counts, run_import, zipped
from tests.unit.images.pictures import jpeg, photo

GOOD = jpeg(seed=101)


def member(name: str, *, mode: int = 0o100644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("placeholder")
    info.filename = name
    info.create_system = 3
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    "name",
    [
        "../evil.jpg",
        "a/../../evil.jpg",
        "..\\evil.jpg",
        "/etc/evil.jpg",
        "\\evil.jpg",
        "C:\\evil.jpg",
        "c:/evil.jpg",
        "a/..\u200b/evil.jpg",
    ],
)
def test_names_that_climb_are_refused(admin: User, study: Study, name: str) -> None:
    before = {path for path in Path(settings.DATA_DIR).rglob("*") if path.name == "evil.jpg"}
    report = run_import(admin, study, {"a.zip": zipped({member(name): jpeg(seed=102), "good.jpg": GOOD})})
    assert counts(report) == (1, 0, 0, 0, 1)
    assert [row["code"] for row in report["refused"]] == ["unsafe_name"]
    assert before == {path for path in Path(settings.DATA_DIR).rglob("*") if path.name == "evil.jpg"}


def test_a_symlink_is_refused(admin: User, study: Study) -> None:
    link = member("link.jpg", mode=stat.S_IFLNK | 0o777)
    report = run_import(admin, study, {"a.zip": zipped({link: b"/etc/passwd", "good.jpg": GOOD})})
    assert counts(report)[0] == 1
    assert codes(report) == {"link.jpg": "symlink"}


def test_an_encrypted_member_is_refused(admin: User, study: Study) -> None:
    data = bytearray(zipped({"secret.jpg": jpeg(seed=103)}))
    data[6] |= 1
    directory = data.rindex(b"PK\x01\x02")
    data[directory + 8] |= 1
    assert codes(run_import(admin, study, {"a.zip": bytes(data)})) == {"secret.jpg": "encrypted"}


@pytest.mark.parametrize("name", ["inner.zip", "inner.tar.gz", "inner.7z"])
def test_an_archive_in_an_archive_is_refused(admin: User, study: Study, name: str) -> None:
    report = run_import(admin, study, {"a.zip": zipped({name: zipped({"a.jpg": GOOD}), "good.jpg": GOOD})})
    assert codes(report) == {name: "archive_nested"}
    assert counts(report)[0] == 1


def test_a_zip_named_as_a_picture_is_refused_inside_and_opened_outside(admin: User, study: Study) -> None:
    inside = run_import(admin, study, {"a.zip": zipped({"x.jpg": zipped({"a.jpg": GOOD})})})
    assert codes(inside) == {"x.jpg": "not_an_image"}
    assert counts(run_import(admin, study, {"upload": zipped({"a.jpg": GOOD})})) == (1, 0, 0, 0, 0)


def test_a_ratio_bomb_is_refused_unopened(admin: User, study: Study) -> None:
    bomb = zipped({"bomb.jpg": bytes(8 * 1024 * 1024), "good.jpg": GOOD}, compression=zipfile.ZIP_DEFLATED)
    report = run_import(admin, study, {"a.zip": bomb})
    assert codes(report) == {"bomb.jpg": "archive_bomb"}
    assert "8,388,608" in report["refused"][0]["reason"]
    assert counts(report)[0] == 1


def test_a_member_that_lies_about_its_size_is_refused(admin: User, study: Study) -> None:
    data = bytearray(zipped({"liar.jpg": bytes(300_000)}, compression=zipfile.ZIP_DEFLATED))
    directory = data.rindex(b"PK\x01\x02")
    for offset in (22, directory + 24):
        struct.pack_into("<L", data, offset, 20)
    assert codes(run_import(admin, study, {"a.zip": bytes(data)})) == {"liar.jpg": "archive_broken"}


def test_too_many_members_are_refused_before_the_list_is_read(
    admin: User, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    data = zipped({f"{n}.jpg": b"" for n in range(4)})
    monkeypatch.setattr(zipfile.ZipFile, "_RealGetContents", _never)
    assert codes(run_import(admin, study, {"many.zip": data})) == {"many.zip": "archive_too_many_members"}


def _never(archive: zipfile.ZipFile) -> None:
    raise AssertionError("the list was read")


def test_more_members_than_were_announced_are_refused_too(
    admin: User, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    data = bytearray(zipped({f"{n}.jpg": b"" for n in range(4)}))
    struct.pack_into("<HH", data, data.rindex(b"PK\x05\x06") + 8, 1, 1)
    assert codes(run_import(admin, study, {"many.zip": bytes(data)})) == {"many.zip": "archive_too_many_members"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"PK\x03\x04" + bytes(200),
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: bytes(len(data)),
    ],
)
def test_a_broken_archive_is_refused_as_one_file(admin: User, study: Study, damage: Callable[[bytes], bytes]) -> None:
    report = run_import(admin, study, {"a.zip": damage(zipped({"good.jpg": GOOD})), "b.jpg": jpeg(seed=104)})
    assert codes(report) == {"a.zip": "archive_broken"}
    assert counts(report)[0] == 1


def test_a_damaged_member_does_not_spoil_the_others(admin: User, study: Study) -> None:
    data = bytearray(zipped({"bad.jpg": jpeg(seed=105), "good.jpg": GOOD}))
    data[400] ^= 0xFF
    report = run_import(admin, study, {"a.zip": bytes(data)})
    assert codes(report) == {"bad.jpg": "archive_broken"}
    assert counts(report)[0] == 1


def test_an_unknown_compression_is_refused(admin: User, study: Study) -> None:
    data = bytearray(zipped({"odd.jpg": jpeg(seed=106), "good.jpg": GOOD}))
    directory = data.index(b"PK\x01\x02")
    struct.pack_into("<H", data, 8, 97)
    struct.pack_into("<H", data, directory + 10, 97)
    report = run_import(admin, study, {"a.zip": bytes(data)})
    assert codes(report) == {"odd.jpg": "archive_unsupported"}


def test_what_systems_leave_in_archives_is_passed_over(admin: User, study: Study) -> None:
    litter = {"__MACOSX/._a.jpg": b"x", ".DS_Store": b"x", "sub/Thumbs.db": b"x", "sub/._b.jpg": b"x", "sub/": b""}
    assert counts(run_import(admin, study, {"a.zip": zipped({**litter, "sub/a.jpg": GOOD})})) == (1, 0, 0, 0, 0)


def test_names_are_kept_but_for_what_cannot_be_seen(admin: User, study: Study) -> None:
    names = {
        "./folder//photo one.jpg": "folder/photo one.jpg",
        "Straße/日本.jpg": "Straße/日本.jpg",
        "gpj.\u202eexe.jpg": "gpj.exe.jpg",
        "a\tb.jpg": "ab.jpg",
        "cafe\u0301.jpg": "café.jpg",
    }
    archive = zipped({member(name): jpeg(seed=110 + n) for n, name in enumerate(names)})
    assert counts(run_import(admin, study, {"a.zip": archive})) == (5, 0, 0, 0, 0)
    assert set(StudyImage.objects.filter(study=study).values_list("file_name", flat=True)) == set(names.values())


def test_a_scripted_name_stays_text(admin: User, study: Study) -> None:
    name = "<img src=x onerror=alert(1)>.jpg"
    run_import(admin, study, {"a.zip": zipped({member(name): jpeg(seed=120)})})
    assert StudyImage.objects.get(study=study).file_name == name


def test_a_zip_larger_than_memory_would_be_is_listed_by_its_directory_only(admin: User, study: Study) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("good.jpg", GOOD)
        with archive.open("huge.tif", "w", force_zip64=True) as huge:
            picture = io.BytesIO()
            photo(40, 40).save(picture, "TIFF")
            huge.write(picture.getvalue())
    assert counts(run_import(admin, study, {"a.zip": buffer.getvalue()})) == (2, 0, 0, 0, 0)

"""The tree's traps: `platform` is the standard library's name, and pytest and Python both fall for folders of it."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
# What a tool may leave in a working tree without its being part of the project.
NOT_OURS = {"node_modules", "__pycache__", "dist", "build", "var"}


def test_platform_is_a_plain_source_root():
    assert not (REPOSITORY / "platform" / "__init__.py").exists()
    packages = [entry.name for entry in (REPOSITORY / "platform").iterdir() if (entry / "__init__.py").exists()]
    assert packages == ["roiqa"]


def test_platform_still_means_the_standard_librarys_module():
    code = "import platform; print(platform.__file__, platform.system())"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True
    )
    assert not found.stdout.startswith(str(REPOSITORY / "platform"))
    assert found.stdout.split()[-1] == "Linux" or sys.platform != "linux"


def test_no_module_at_the_root_has_a_standard_librarys_name():
    packages = {entry.parent.name for entry in REPOSITORY.glob("*/__init__.py")}
    modules = {entry.stem for entry in REPOSITORY.glob("*.py")}
    assert (packages | modules) & sys.stdlib_module_names == set()


def test_every_folder_of_tests_is_a_package():
    folders = {path.parent for path in (REPOSITORY / "tests").rglob("*.py")}
    ancestors = {
        parent for folder in folders for parent in folder.parents if REPOSITORY / "tests" in {parent, *parent.parents}
    }
    bare = [folder for folder in folders | ancestors if not (folder / "__init__.py").exists()]
    assert bare == []


def test_no_folder_of_tests_is_called_platform():
    assert [path for path in (REPOSITORY / "tests").rglob("platform") if path.is_dir()] == []


def test_tests_live_only_in_tests():
    for root in ("platform", "ml"):
        strays = [
            path
            for pattern in ("test_*.py", "*_test.py", "conftest.py")
            for path in (REPOSITORY / root).rglob(pattern)
            if NOT_OURS.isdisjoint(path.parts)
        ]
        assert strays == []


def test_every_package_folder_of_the_platform_has_its_init():
    folders = {path.parent for path in (REPOSITORY / "platform" / "roiqa").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_nothing_is_called_after_no_idea():
    banned = {"utils.py", "helpers.py", "common.py", "misc.py"}
    roots = ("platform", "ml", "tests", "fixtures", "bench")
    assert [path for root in roots for path in (REPOSITORY / root).rglob("*.py") if path.name in banned] == []

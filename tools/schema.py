"""The OpenAPI schema as a file and the TypeScript types made of it: write both, or `--check` that they are current."""

import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
UI = REPOSITORY / "annotator_ui"
SCHEMA = UI / "src" / "api" / "schema.json"
TYPES = UI / "src" / "api" / "schema.d.ts"


def generate(folder: Path) -> dict[Path, Path]:
    """Make both files in `folder`; the result maps each committed file to its fresh counterpart."""
    fresh = {SCHEMA: folder / SCHEMA.name, TYPES: folder / TYPES.name}
    spectacular = [
        "spectacular",
        "--format",
        "openapi-json",
        "--validate",
        "--fail-on-warn",
        "--file",
        str(fresh[SCHEMA]),
    ]
    subprocess.run([sys.executable, "manage.py", *spectacular], cwd=REPOSITORY, check=True)
    fresh[SCHEMA].write_text(fresh[SCHEMA].read_text(encoding="utf-8").rstrip("\n") + "\n", encoding="utf-8")
    command = [
        "npm",
        "exec",
        "--",
        "openapi-typescript",
        str(fresh[SCHEMA]),
        "--array-length",
        "--output",
        str(fresh[TYPES]),
    ]
    subprocess.run(command, cwd=UI, check=True, stdout=subprocess.DEVNULL)
    return fresh


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            files = generate(Path(folder))
        except subprocess.CalledProcessError as error:
            sys.exit(f"The schema could not be generated (exit status {error.returncode}).")
        for committed, fresh in files.items():
            same = committed.exists() and committed.read_bytes() == fresh.read_bytes()
            if not same and "--check" in sys.argv:
                sys.exit(
                    f"{committed.relative_to(REPOSITORY)} is not what the code says: run `make schema` and commit it."
                )
            if not same:
                committed.write_bytes(fresh.read_bytes())
                print(f"wrote {committed.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()

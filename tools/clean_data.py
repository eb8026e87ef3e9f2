"""Remove the data folder `var/` after a question, never while ROIQA runs on it."""

import fcntl
import shutil
import sys
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "var"


def main() -> None:
    if not DATA.exists():
        sys.exit("There is no data folder.")
    with (DATA / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"ROIQA is running on {DATA}: stop it first.")
        question = f"This removes every study, image and rating in {DATA}. Type yes to go on: "
        if input(question).strip() != "yes":
            sys.exit("Nothing was removed.")
        shutil.rmtree(DATA)
    print(f"Removed {DATA}.")


if __name__ == "__main__":
    try:
        main()
    except (EOFError, KeyboardInterrupt):
        sys.exit("Nothing was removed.")

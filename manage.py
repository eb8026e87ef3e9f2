#!/usr/bin/env python
"""ROIQA's command line: `python manage.py help` lists what it can do."""

import os
import sys
from pathlib import Path

# `platform/` is a plain source root (never a package: it would shadow the standard library's module of that name).
sys.path.insert(0, str(Path(__file__).resolve().parent / "platform"))


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roiqa.config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415  (needs the path set above)

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

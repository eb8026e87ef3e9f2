"""Run a command with servers of its own where the environment names none: `with_database.py COMMAND...`."""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.plugins.embedded_postgres import start_missing_servers, stop_servers

if __name__ == "__main__":
    try:
        start_missing_servers()
        status = subprocess.run(sys.argv[1:], check=False).returncode
    finally:
        stop_servers()
    sys.exit(status)

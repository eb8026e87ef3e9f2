"""What this machine can train on. Asked of a process of its own: CUDA that was touched does not survive a fork."""

import json
import logging
import platform
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)
_DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
_ASK = """
import json, torch
devices = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
print(json.dumps([{"name": one.name, "bytes": one.total_memory} for one in devices]))
"""


@lru_cache(maxsize=1)
def gpus() -> tuple[dict[str, Any], ...]:
    """[{"name", "bytes"}] of the GPUs that PyTorch can use here; none without a driver or without PyTorch."""
    if not any(Path(driver).exists() for driver in _DRIVERS):
        return ()
    try:
        asked = subprocess.run(  # noqa: S603  (our own text)
            [sys.executable, "-c", _ASK], capture_output=True, text=True, timeout=120, check=True
        )
        return tuple(json.loads(asked.stdout))
    except (OSError, subprocess.SubprocessError, ValueError):
        logger.warning("this machine has a GPU driver, but PyTorch sees no GPU")
        return ()


def host() -> str:
    return platform.node() or "worker"


def in_words() -> str:
    """The device that a run of one process trains on."""
    found = gpus()
    if not found:
        return f"CPU of {host()}"
    return f"{len(found)} x {found[0]['name']}" if len(found) > 1 else str(found[0]["name"])

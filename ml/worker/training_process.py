"""`python -m ml.worker.training_process PARENT LOCK COMMAND...`: become COMMAND, alone on LOCK, and not outlive PARENT.

A worker that is killed cannot stop its training: the kernel does it, by SIGTERM, so that a checkpoint is kept. Until that process
has ended the next one waits here for the lock: two must never write into one run's folder.
"""

import ctypes
import fcntl
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: str, lock: str, *command: str) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):
        sys.exit("The worker was gone before its training began.")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    # Held by whatever this process becomes, until it ends.
    os.set_inheritable(descriptor, True)
    os.execv(sys.executable, [sys.executable, *command])  # noqa: S606  (the point: no process between worker and training)


if __name__ == "__main__":
    main(*sys.argv[1:])

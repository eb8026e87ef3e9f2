#!/bin/sh
# Runs its arguments with the first suitable Python of this machine (PYTHON=... names another).
for need in 'venv, ensurepip' 'sys'; do
    for python in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python3.14; do
        if "$python" -c "import sys, $need; sys.exit(sys.version_info < (3, 11))" >/dev/null 2>&1; then
            exec "$python" "$@"
        fi
    done
done
echo "ROIQA needs Python 3.11 or newer, and this machine shows none: install it, or name it with make PYTHON=/path/to/python3." >&2
exit 1

"""Random numbers that depend on names only: a counter-based generator (Philox) keyed by what is being made.

Any one image can be rendered again on any machine, in any order, on any number of workers.
"""

import hashlib

import numpy as np


def generator(*names: str | int) -> np.random.Generator:
    """The generator of these names, such as (reference, type, setting, version)."""
    digest = hashlib.sha256("\0".join(str(name) for name in names).encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))

"""Measure what docs/performance.md promises: `python -m bench [NAME ...] [--sizes 1000,100000,1000000]`.

Every bench runs in a process of its own on a fresh, durable database, and all of them end in one table.
"""

import argparse
import time

from bench import servers
from bench.measure import rows_of
from bench.rows import Row, table

BENCHES = (
    "claim_submit",
    "import_images",
    "export_bench",
    "consensus_bench",
    "study_science",
    "seagull",
    "sam_browser",
    "synthesis",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what docs/performance.md promises.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which of {', '.join(BENCHES)} (default: all)")
    parser.add_argument("--sizes", default="1000,100000,1000000", help="ROIs of claim_submit's studies")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(BENCHES)
    if unknown:
        parser.error(f"there is no bench {', '.join(sorted(unknown))}: choose from {', '.join(BENCHES)}")
    sizes = tuple(int(size) for size in arguments.sizes.split(","))
    print(f"Machine: {servers.machine()}", flush=True)
    rows: list[Row] = []
    for name in arguments.names or BENCHES:
        began = time.monotonic()
        print(f"{name} ... ", end="", flush=True)
        options = {"sizes": sizes} if name == "claim_submit" else {}
        rows += rows_of(name, options)
        print(f"{time.monotonic() - began:.0f} s", flush=True)
    print(f"\n{table(rows)}")


if __name__ == "__main__":
    main()

"""Whatever file of labelled images is given: a release export, its ZIP, or instructions."""

from dataclasses import replace
from pathlib import Path

from ml.seagull.data.instructions import read_instructions
from ml.seagull.data.release import DataSet, read_release
from ml.seagull.data.split import hold_out


def read_data(
    path: Path, *, images: Path | None = None, check_hashes: bool = True, validation: float = 0.0, seed: int = 0
) -> DataSet:
    """`.jsonl` is read as instructions, everything else as a release export (`.json`, `.zip`).

    A file without a `val` part gives `validation` of its training images to one, where that is more than 0. Raises
    RecordRefused naming the record that is not what it should be, ValueError for a file that is neither.
    """
    reader = read_instructions if path.suffix == ".jsonl" else read_release
    data = reader(path, images=images, check_hashes=check_hashes)
    if validation and not data.of("val"):
        data = replace(data, samples=tuple(hold_out(data.samples, share=validation, seed=seed)))
    return data

"""Whatever labelled images are given: a release export, its ZIP, instructions, or the folder of a synthetic set."""

from dataclasses import replace
from pathlib import Path

from ml.seagull.data.instructions import read_instructions
from ml.seagull.data.release import DataSet, read_release
from ml.seagull.data.split import fraction, hold_out


def read_data(
    path: Path,
    *,
    images: Path | None = None,
    check_hashes: bool = True,
    validation: float = 0.0,
    share: float = 1.0,
    seed: int = 0,
) -> DataSet:
    """`.jsonl` is read as instructions, a folder as a synthetic set (ours, or SEAGULL-100w as it is published), everything else as a release export (`.json`, `.zip`).

    What has no `val` part gives `validation` of its training photographs to one, where that is more than 0; of the rest
    `share` is kept, always the same ones first. Raises RecordRefused naming the record that is not what it should be,
    ValueError for a file that is none of these.
    """
    data = _read(path, images=images, check_hashes=check_hashes)
    if validation and not data.of("val"):
        data = replace(data, samples=tuple(hold_out(data.samples, share=validation, seed=seed)))
    if share != 1:
        data = replace(data, samples=tuple(fraction(data.samples, share=share, seed=seed)))
    return data


def _read(path: Path, *, images: Path | None, check_hashes: bool) -> DataSet:
    if (path / "Ref.Images.zip").exists():
        from ml.synthesis.published import PublishedSet  # noqa: PLC0415

        return DataSet(samples=tuple(PublishedSet.open(path).samples()))
    if path.is_dir():
        from ml.synthesis.dataset import SyntheticSet  # noqa: PLC0415  (what renders is loaded only when it is needed)

        synthetic = SyntheticSet.open(path)
        return DataSet(samples=tuple(synthetic.samples()), info=synthetic.info)
    reader = read_instructions if path.suffix == ".jsonl" else read_release
    return reader(path, images=images, check_hashes=check_hashes)

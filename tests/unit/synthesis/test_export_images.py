"""A set's images as files for other programs."""

import io
import json
import sys
import tarfile

import numpy as np
import pytest
from PIL import Image

from ml.synthesis import build, export_images, metrics, ray_driver
from ml.synthesis.dataset import SyntheticSet
from tests.unit.synthesis.test_shards import photographs  # noqa: F401


@pytest.fixture(scope="module")
def built(photographs, tmp_path_factory):  # noqa: F811
    """One reference, 120 images."""
    output = tmp_path_factory.mktemp("built") / "set"
    arguments = ["--references", str(photographs), "--coco", str(photographs / "masks.json"), "--output", str(output)]
    build.main([*arguments, "--limit", "1", "--workers", "1"])
    return output


def test_a_tar_holds_every_image_with_its_labels_and_is_made_once(built, tmp_path):
    export_images.main([str(built), "--output", str(tmp_path / "one")])
    (path,) = (tmp_path / "one").iterdir()
    before = path.stat().st_mtime_ns
    export_images.main([str(built), "--output", str(tmp_path / "one")])
    assert path.stat().st_mtime_ns == before
    with tarfile.open(path) as tar:
        names = tar.getnames()
        assert len(names) == 240
        assert {name.partition(".")[2] for name in names} == {"png", "json"}
        record = json.loads(tar.extractfile(names[1]).read())
        pixels = np.asarray(Image.open(io.BytesIO(tar.extractfile(names[0]).read())))
    sample = SyntheticSet.open(built).samples()[0]
    assert names[0] == f"{sample.image_id.replace(':', '-')}.png"
    assert np.array_equal(pixels, sample.load())
    assert record["rois"][0]["quality"] == sample.rois[0].labels.quality
    export_images.main([str(built), "--output", str(tmp_path / "two")])
    assert (tmp_path / "two" / path.name).read_bytes() == path.read_bytes()


def test_png_files_lie_as_in_the_published_set_and_missing_ones_are_made(built, tmp_path, capsys):
    arguments = [str(built), "--output", str(tmp_path), "--form", "png"]
    export_images.main(arguments)
    files = sorted(tmp_path.rglob("*.png"))
    assert len(files) == 120
    kept, lost = files[0], next(file for file in files if file.parent.name == "Noise_19")
    content, before = lost.read_bytes(), kept.stat().st_mtime_ns
    lost.unlink()
    export_images.main(arguments)
    assert lost.read_bytes() == content
    assert kept.stat().st_mtime_ns == before
    assert "120 files" in capsys.readouterr().out


def test_optional_packages_are_named_where_they_are_missing(photographs, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setitem(sys.modules, "pyiqa", None)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ValueError, match=r"pip install pyiqa`.*non-commercial use only"):
        metrics.metric_of("topiq")
    with pytest.raises(ValueError, match="choose ms-ssim-chroma or topiq"):
        metrics.metric_of("psnr")
    with pytest.raises(SystemExit, match="Ray is not installed"):
        ray_driver.main(["--references", str(photographs), "--output", str(tmp_path / "set")])
    assert not (tmp_path / "set").exists()

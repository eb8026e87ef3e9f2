"""What a worker can do beyond the platform's own jobs: importing this registers the runners with `roiqa.core.jobs`.

Celery loads it by name (`include` in `roiqa.config.celery`); jobs come through the one task `roiqa.run_job`.
"""

import gzip
import logging

from ml.segmentation.region_tree import build_tree
from ml.worker.pictures import display_pixels
from roiqa.core import jobs
from roiqa.images.storage import keep_computed
from roiqa.studies import region_trees

logger = logging.getLogger(__name__)
GZIP_LEVEL = 6


@jobs.runs(region_trees.KIND)
def compute_region_trees(progress: jobs.Progress) -> None:
    """Compute the tree of every image of the job that has none. Broken off and run again it goes on where it was."""
    images = list(region_trees.images_of(progress.job))
    progress.job.report = {"computed": 0, "known": 0, "failed": []}
    progress.expect(len(images), "Computing regions")
    for number, image in enumerate(images):
        progress.step(number, f"Regions: {number} of {len(images)} images")
        if region_trees.is_ready(image):
            progress.job.report["known"] += 1
            continue
        try:
            tree = build_tree(display_pixels(image))
        except FileNotFoundError:
            # One lost file must not keep the other images from their trees.
            logger.warning("image %s has no display copy in storage: no region tree", image.pk)
            progress.job.report["failed"].append(str(image.pk))
            continue
        keep_computed(image, image.region_tree_key, gzip.compress(tree.to_bytes(), GZIP_LEVEL, mtime=0))
        progress.job.report["computed"] += 1
    report = progress.job.report
    progress.job.message = (
        f"{report['computed']} region trees computed, {report['known']} known before, {len(report['failed'])} failed."
    )

"""The platform's ROIs as the network takes them: pixels straight from storage, never through the web server."""

from collections.abc import Iterable

from ml.seagull.data.records import RLE, ImageSample, ROISample
from ml.worker.pictures import display_pixels
from roiqa.images.models import Image
from roiqa.studies.models import StudyROI


def sample_of(image: Image, rois: Iterable[StudyROI]) -> ImageSample:
    """One image with some of its ROIs, named by the primary key of their place in the study."""
    return ImageSample(
        image_id=image.sha256,
        split=image.split,
        load=lambda: display_pixels(image),
        rois=tuple(
            ROISample(
                roi_id=str(one.pk),
                rle=RLE(height=image.height, width=image.width, counts=one.roi.counts),
                level=one.roi.level,
            )
            for one in rois
        ),
    )

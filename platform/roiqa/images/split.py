"""Train or test, by the picture's own bytes.

Rule `sha256-80-20-v1`: read the first 16 hexadecimal digits of the sha256 of the original bytes as a whole number n
below 2**64; the image is a test image iff 5 * n < 2**64, a train image otherwise. The hash is uniform, so 20 % of many
images are test images; it depends on nothing but the bytes, so an image is in the same split in every study, on every
machine and after every repeated import, and no order of arrival can move it.
"""

from roiqa.images.models import Split

RULE = "sha256-80-20-v1"


def split_of(sha256: str) -> Split:
    """The split of an image with this sha256 (64 hexadecimal digits)."""
    return Split.TEST if 5 * int(sha256[:16], 16) < 2**64 else Split.TRAIN

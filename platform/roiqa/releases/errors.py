"""What can be refused about releases and exports."""

from roiqa.core.errors import Conflict, Invalid, NotFound


class ReleaseNotFound(NotFound):
    default_code = "release_not_found"

    def __init__(self, release: object) -> None:
        super().__init__(f"There is no release {release} that you may see.")


class FreezeRunning(Conflict):
    default_code = "freeze_running"

    def __init__(self, slug: str) -> None:
        super().__init__(f"A release of {slug!r} is being frozen now: wait until it is done, or cancel its job.")


class ReleaseNotReady(Conflict):
    default_code = "release_not_ready"

    def __init__(self, *, number: int, state: str, failure: str) -> None:
        remedy = f"{failure} Freeze again." if state == "failed" else "Wait until it is ready."
        super().__init__(f"Release {number} is {state}, so there is nothing to read. {remedy}")


class NothingComplete(Conflict):
    default_code = "nothing_complete"

    def __init__(self, incomplete: int) -> None:
        super().__init__(
            f"No ROI has all its raters (ROIs that lack some: {incomplete:,}): there is nothing to freeze yet."
        )


class StudyTooBusy(Conflict):
    default_code = "study_too_busy"

    def __init__(self) -> None:
        super().__init__("Ratings came in faster than labels could be made of them: pause the study and freeze again.")


class SplitMoved(Conflict):
    default_code = "split_moved"

    def __init__(self, *, sha256: str, stored: str, expected: str) -> None:
        super().__init__(
            f"Image {sha256} is stored as a {stored} image, but its hash says {expected}. The row was changed outside "
            "of ROIQA: put it right, or the test images of this release could be train images of another."
        )


class LabelOutOfStep(Conflict):
    default_code = "label_out_of_step"

    def __init__(self, roi: object) -> None:
        super().__init__(
            f"The stored label of ROI {roi} is not the one its ratings make. Rows were changed outside of ROIQA: mark "
            "the ROI's label as due (studies_studyroi.consensus_due) and freeze again."
        )


class SnapshotBroken(Conflict):
    default_code = "snapshot_broken"

    def __init__(self, why: str) -> None:
        super().__init__(f"The stored file of this release cannot be read ({why}): restore it from a backup.")


class MethodsNotPrepared(Conflict):
    default_code = "methods_not_prepared"

    def __init__(self, number: int) -> None:
        super().__init__(
            f"The numbers of release {number} are too many to be computed while you wait: prepare them first "
            "(POST to the same address), and read the page when the job is done."
        )


class OtherStudy(Invalid):
    default_code = "other_study"

    def __init__(self) -> None:
        super().__init__("The two releases are of different studies: choose two of the same study.")


class NoImagesInFormat(Invalid):
    default_code = "no_images_in_format"

    def __init__(self, name: str, with_images: list[str]) -> None:
        detail = f"The format {name!r} cannot carry images: leave `images` out, or use {' or '.join(with_images)}."
        super().__init__(detail, fields={"images": [detail]})

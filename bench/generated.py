"""Studies of any size, made in SQL: images, ROIs, the annotators with their tokens, and ratings given before.

Foreign-key triggers are off while the rows go in (a million checks of rows made a second ago measure nothing); the
constraints themselves, the indexes and the statistics are the real ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import psycopg
from django.db.models import AutoField, GeneratedField, Model
from django.utils import timezone
from psycopg.types.json import Jsonb

from bench.servers import superuser
from roiqa.accounts.models import ApiToken, User
from roiqa.accounts.tokens import digest_of, new_secret
from roiqa.images.models import Image
from roiqa.ratings.models import Assignment, Rating
from roiqa.ratings.walk import JUMPS, NEAR
from roiqa.regions.models import ROI
from roiqa.studies.models import Membership, Role, Study, StudyImage, StudyROI

ROIS_PER_IMAGE = 10
IMAGE_PX = (1280, 960)
ROI_PX = (64, 48)

# Ids follow from the study and a number, so that each table can be made without looking at the others.
_IMAGE_ID = "md5(%(slug)s || ':image:' || {number})::uuid"
_IMAGE_OF_ROI = _IMAGE_ID.format(number="(n - 1) / %(per_image)s + 1")
_ROI_ID = "md5(%(slug)s || ':roi:' || n)::uuid"
_IMAGES = {
    "id": _IMAGE_ID.format(number="n"),
    "sha256": "md5(%(slug)s || n) || md5(n || %(slug)s)",
    "split": "CASE WHEN n %% 5 = 0 THEN 'test' ELSE 'train' END",
    "width": str(IMAGE_PX[0]),
    "height": str(IMAGE_PX[1]),
    "format": "'JPEG'",
    "byte_size": "400000",
}
_STUDY_IMAGES = {
    "study_id": "%(study)s",
    "image_id": _IMAGE_ID.format(number="n"),
    "file_name": "'picture-' || n || '.jpg'",
}
_ROIS = {
    "id": _ROI_ID,
    "image_id": _IMAGE_OF_ROI,
    "level": "CASE WHEN n %% 2 = 0 THEN 'object' ELSE 'component' END",
    "counts": "%(counts)s",
    "mask_sha256": "md5(%(slug)s || n) || md5(n || 'mask')",
    "x": "100",
    "y": "100",
    "w": str(ROI_PX[0]),
    "h": str(ROI_PX[1]),
    "area": "%(area)s",
}
_STUDY_ROIS = {
    "study_id": "%(study)s",
    "roi_id": _ROI_ID,
    "image_id": _IMAGE_OF_ROI,
    "shuffle_key": "floor(random() * %(keys)s)::bigint",
    "raters_wanted": "%(wanted)s",
    "n_active": "0",
    "n_accepted": "%(given)s",
    "consensus_due": "%(due)s",
}
_PAST_ASSIGNMENTS = {
    "id": "gen_random_uuid()",
    "study_id": "r.study_id",
    "study_roi_id": "r.id",
    "annotator_id": "a.id",
    "state": "'submitted'",
    "claimed_at": "t.at - interval '20 seconds'",
    "position": "r.position",
    "lease_expires_at": "t.at",
    "finished_at": "t.at",
}
_EVERY_ROI_BY_EVERY_PAST_ANNOTATOR = """
(SELECT *, row_number() OVER (ORDER BY id) AS position FROM studies_studyroi WHERE study_id = %(study)s) r,
unnest(%(past)s::bigint[]) WITH ORDINALITY AS a (id, number),
LATERAL (SELECT now() - interval '30 days' + r.position * interval '1 second' + a.number * interval '1 hour' AS at) t
"""
# Votes lean on the ROI's own quality, so that raters agree about as well as people do.
_PAST_RATINGS = {
    "id": "gen_random_uuid()",
    "study_id": "a.study_id",
    "study_roi_id": "a.study_roi_id",
    "annotator_id": "a.annotator_id",
    "assignment_id": "a.id",
    "client_key": "gen_random_uuid()",
    "status": "'accepted'",
    **{
        name: f"least(5, greatest(0, (a.study_roi_id * {7919 + 2 * number} %% 9) - 1 + floor(random() * 3)))::smallint"
        for number, name in enumerate(("exposure", "noise", "blur", "contrast", "colorfulness", "compression"))
    },
    "quality": "(a.study_roi_id %% 4 + floor(random() * 2))::smallint",
    "importance": "(a.study_roi_id %% 3 + floor(random() * 3))::smallint",
    "simulated": "true",
    "telemetry": """'{"visible_ms": 20000}'""",
    "created_at": "a.finished_at",
}
_TABLES = (
    "images_image, regions_roi, studies_studyimage, studies_studyroi, studies_membership, ratings_assignment, "
    "ratings_rating, accounts_user, accounts_apitoken"
)


@dataclass(frozen=True, kw_only=True)
class GeneratedStudy:
    """A study with its annotators, who have rated nothing, and their tokens."""

    study: Study
    annotators: list[User]
    tokens: list[str]


def make_study(slug: str, *, rois: int, given: int = 0, annotators: int = 8, due: bool = False) -> GeneratedStudy:
    """A study of `rois` ROIs, ten an image, of which each has `given` of its seven ratings.

    `due`: the labels of all ROIs are still to be made.
    """
    study = Study.objects.create(slug=slug, title=slug, ask_extra_on_tie=False)
    images = (rois - 1) // ROIS_PER_IMAGE + 1
    facts = {
        "slug": slug,
        "study": study.pk,
        "per_image": ROIS_PER_IMAGE,
        "keys": StudyROI.SHUFFLE_KEYS,
        "wanted": study.raters_per_roi,
        "given": given,
        "due": due,
        "past": [_annotator(study, f"{slug}-past{number}")[0].pk for number in range(given)],
        **_mask(),
    }
    with superuser() as connection:
        connection.execute("SET session_replication_role = replica")
        _fill(connection, Image, _IMAGES, f"generate_series(1, {images}) n", facts)
        _fill(connection, StudyImage, _STUDY_IMAGES, f"generate_series(1, {images}) n", facts)
        _fill(connection, ROI, _ROIS, f"generate_series(1, {rois}) n", facts)
        _fill(connection, StudyROI, _STUDY_ROIS, f"generate_series(1, {rois}) n", facts)
        if given:
            _fill(connection, Assignment, _PAST_ASSIGNMENTS, _EVERY_ROI_BY_EVERY_PAST_ANNOTATOR, facts)
            _fill(connection, Rating, _PAST_RATINGS, "ratings_assignment a WHERE a.study_id = %(study)s", facts)
    people = [_annotator(study, f"{slug}-annotator{number}") for number in range(annotators)]
    settle()
    return GeneratedStudy(study=study, annotators=[user for user, _ in people], tokens=[token for _, token in people])


def _fill(
    connection: psycopg.Connection,
    model: type[Model],
    values: Mapping[str, str],
    source: str,
    facts: Mapping[str, object],
) -> None:
    """INSERT ... SELECT `values` FROM `source`; every column not named gets its model's or the database's default."""
    columns, parameters = dict(values), dict(facts)
    for field in model._meta.concrete_fields:
        column = str(field.column)
        filled_by_database = isinstance(field, AutoField | GeneratedField) or field.has_db_default()
        if column not in columns and not filled_by_database:
            default = field.get_default()
            columns[column] = f"%(default_{column})s"
            parameters[f"default_{column}"] = Jsonb(default) if isinstance(default, dict) else default
    names, expressions = ", ".join(columns), ", ".join(columns.values())
    statement = f"INSERT INTO {model._meta.db_table} ({names}) SELECT {expressions} FROM {source}"
    connection.execute(statement.encode(), parameters)


def settle() -> None:
    """What autovacuum and the checkpointer would do within minutes, so that they do not do it while we measure."""
    with superuser() as connection:
        connection.execute(f"VACUUM (ANALYZE) {_TABLES}".encode())
        connection.execute("CHECKPOINT")


def _mask() -> dict[str, object]:
    """One ellipse of ROI_PX at (100, 100) as compressed RLE: every ROI has it."""
    from pycocotools import mask as coco_mask

    (width, height), (roi_width, roi_height) = IMAGE_PX, ROI_PX
    y, x = np.mgrid[:height, :width]
    radii = (roi_width / 2, roi_height / 2)
    inside = ((x - 99.5 - radii[0]) / radii[0]) ** 2 + ((y - 99.5 - radii[1]) / radii[1]) ** 2 <= 1
    encoded = coco_mask.encode(np.asfortranarray(inside.astype(np.uint8)))
    return {"counts": encoded["counts"].decode("ascii"), "area": int(inside.sum())}


def _annotator(study: Study, name: str) -> tuple[User, str]:
    user = User.objects.create(username=name, password="!", is_simulated=True)
    Membership.objects.create(study=study, user=user, role=Role.ANNOTATOR)
    secret = new_secret()
    ApiToken.objects.create(
        user=user, prefix=secret[:8], digest=digest_of(secret), expires_at=timezone.now() + timedelta(days=1)
    )
    return user, secret


def fill_up(study: Study, *, open_share: float) -> None:
    """The end game: only this share of the ROIs still has a free slot."""
    with superuser() as connection:
        connection.execute(
            "UPDATE studies_studyroi SET n_accepted = raters_wanted WHERE study_id = %s AND random() > %s",
            [study.pk, open_share],
        )
    settle()


def walk_most_of(study: Study, annotator: User, *, left: int) -> None:
    """This annotator has rated all open ROIs but `left`, chosen as the claim does (ratings.walk)."""
    with superuser() as connection:
        open_rois = connection.execute(
            "SELECT id FROM studies_studyroi WHERE study_id = %s AND slots_left > 0 ORDER BY shuffle_key", [study.pk]
        ).fetchall()
        rated = np.array([row[0] for row in open_rois])[_walked(len(open_rois), left=left)]
        connection.execute("SET session_replication_role = replica")
        values = {
            name: value for name, value in _PAST_ASSIGNMENTS.items() if name not in {"study_roi_id", "annotator_id"}
        }
        values |= {"study_roi_id": "r.id", "annotator_id": "%(annotator)s"}
        source = "unnest(%(rated)s::bigint[]) WITH ORDINALITY AS r (id, position), LATERAL (SELECT now() AS at) t"
        facts = {"annotator": annotator.pk, "rated": rated.tolist(), "study": study.pk}
        _fill(connection, Assignment, values | {"study_id": "%(study)s"}, source, facts)
    settle()


def _walked(count: int, *, left: int) -> npt.NDArray[np.bool_]:
    """Which of `count` open ROIs, in the order of their keys, are taken after count - left claims of one annotator."""
    free_from = list(range(count + 1))
    taken = np.zeros(count, dtype=np.bool_)
    for starts in np.random.default_rng(7).integers(0, count, (count - left, JUMPS)).tolist():
        places = [_first_free(free_from, start) for start in starts]
        near = [place for place, start in zip(places, starts, strict=True) if place < min(start + NEAR, count)]
        place = near[0] if near else places[0]
        if place == count:
            place = _first_free(free_from, 0)
        taken[place] = True
        free_from[place] = place + 1
    return taken


def _first_free(free_from: list[int], start: int) -> int:
    place = start
    while free_from[place] != place:
        free_from[place] = free_from[free_from[place]]
        place = free_from[place]
    return place

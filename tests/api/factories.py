"""Rows for tests, made directly in the database: plain functions with sensible defaults.

They skip the services on purpose: a test of one room must not need the rooms above it. Counters are kept as the
services keep them (`n_active`, `n_accepted`), so that the claim works on what is made here.
"""

import gzip
import hashlib
import io
import itertools
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import F
from django.utils import timezone
from PIL import Image as Picture
from pycocotools import mask as coco_mask
from rest_framework.test import APIClient

from ml.segmentation.embedding import Embedding
from ml.segmentation.geometry import resized_size
from ml.segmentation.region_tree import build_tree
from roiqa.accounts.models import ApiToken, User
from roiqa.accounts.tokens import digest_of, new_secret
from roiqa.core.models import Job
from roiqa.core.scales import DISTORTIONS
from roiqa.images.models import Image
from roiqa.images.storage import put
from roiqa.ratings.models import Assignment, AssignmentState, Rating
from roiqa.regions.embeddings import key_of, storage_key
from roiqa.regions.models import ROI
from roiqa.regions.segmentation_models import SegmentationModel
from roiqa.studies.models import Invite, Membership, Proposal, Role, Study, StudyImage, StudyROI

PASSWORD = "correct-horse-battery"

# A full answer, as the rating form sends it.
ANSWER: dict[str, Any] = {"distortions": dict.fromkeys(DISTORTIONS, 5) | {"blur": 2}, "quality": 3, "importance": 2}

_numbers = itertools.count(1)


def make_user(username: str = "", *, password: str = PASSWORD, **fields: Any) -> User:
    return User.objects.create_user(username or f"person{next(_numbers)}", password=password, **fields)


def make_study(slug: str = "", **fields: Any) -> Study:
    slug = slug or f"study-{next(_numbers)}"
    return Study.objects.create(slug=slug, **{"title": slug.replace("-", " ").capitalize(), **fields})


def make_member(study: Study, role: str = Role.ANNOTATOR, *, user: User | None = None, **fields: Any) -> Membership:
    """The order of work is that of the n-th member, whatever ran before: a test that passes passes again."""
    seed = {"order_seed": 1 + study.memberships.count()}
    return Membership.objects.create(study=study, user=user or make_user(), role=role, **{**seed, **fields})


def make_invite(study: Study, role: str = Role.ANNOTATOR, **fields: Any) -> tuple[Invite, str]:
    """The invite and its token."""
    token = new_secret()
    defaults = {"expires_at": timezone.now() + timedelta(days=14)}
    return Invite.objects.create(study=study, role=role, digest=digest_of(token), **{**defaults, **fields}), token


def make_token(user: User, **fields: Any) -> tuple[ApiToken, str]:
    """The stored token and the secret a program sends."""
    secret = new_secret()
    defaults = {"prefix": secret[:8], "digest": digest_of(secret), "expires_at": timezone.now() + ApiToken.LIFETIME}
    return ApiToken.objects.create(user=user, **{**defaults, **fields}), secret


def make_image(
    study: Study | None = None,
    *,
    width: int = 160,
    height: int = 120,
    split: str = "train",
    file_name: str = "",
    with_files: bool = False,
) -> Image:
    """An image of `width` x `height` px; taken into `study` if given; its three files stored only when asked."""
    number = next(_numbers)
    original = picture_bytes(width=width, height=height, seed=number)
    image = Image.objects.create(
        sha256=hashlib.sha256(original).hexdigest(),
        split=split,
        width=width,
        height=height,
        format="PNG",
        byte_size=len(original),
    )
    if with_files:
        default_storage.save(image.original_key, ContentFile(original))
        default_storage.save(image.display_key, ContentFile(original))
        default_storage.save(image.thumbnail_key, ContentFile(picture_bytes(width=32, height=24, form="WEBP")))
    if study is not None:
        StudyImage.objects.create(study=study, image=image, file_name=file_name or f"picture-{number}.png")
    return image


def store_region_tree(image: Image) -> bytes:
    """Put the region tree of the image's display copy where the worker would; answers its bytes, unpacked."""
    with default_storage.open(image.display_key) as stored, Picture.open(stored) as picture:
        tree = build_tree(np.asarray(picture.convert("RGB"))).to_bytes()
    put(image.region_tree_key, gzip.compress(tree, mtime=0))
    return tree


def embedding_of(image: Image, model: SegmentationModel, *, seed: int = 0) -> Embedding:
    """Random numbers in the form of the image's embedding."""
    numbers = np.random.default_rng(seed)
    size = (image.height, image.width)
    return Embedding(
        model=model.id,
        image_size=size,
        resized=resized_size(size, geometry=model.geometry, input_size=model.input_size),
        tensors={part.name: numbers.normal(size=part.shape).astype(np.float16) for part in model.embedding},
    )


def store_embedding(image: Image, model: SegmentationModel, *, seed: int = 0) -> bytes:
    """Put random numbers where the worker would put the image's embedding; answers the file's bytes."""
    data = embedding_of(image, model, seed=seed).to_bytes(key=key_of(image, model))
    put(storage_key(image, model), data)
    return data


def picture_bytes(*, width: int = 160, height: int = 120, seed: int = 0, form: str = "PNG") -> bytes:
    """A picture file of random colour tiles, the same for the same seed."""
    tiles = np.random.default_rng(seed).integers(0, 256, (-(-height // 8), -(-width // 8), 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Picture.fromarray(tiles.repeat(8, axis=0).repeat(8, axis=1)[:height, :width]).save(buffer, form)
    return buffer.getvalue()


def encode_box(image: Image, box: tuple[int, int, int, int]) -> dict[str, Any]:
    """COCO RLE of a filled box [x, y, w, h], as the API takes it."""
    x, y, w, h = box
    mask = np.zeros((image.height, image.width), dtype=np.uint8, order="F")
    mask[y : y + h, x : x + w] = 1
    return {"size": [image.height, image.width], "counts": coco_mask.encode(mask)["counts"].decode("ascii")}


def make_roi(
    study: Study,
    image: Image | None = None,
    *,
    box: tuple[int, int, int, int] = (10, 20, 64, 48),
    level: str = "object",
    name: str = "",
    created_by: User | None = None,
) -> StudyROI:
    """A box-shaped ROI in the study, open for claims; on a new image of the study unless one is given."""
    image = image or make_image(study)
    number = next(_numbers)
    counts = encode_box(image, box)["counts"]
    x, y, w, h = box
    roi = ROI.objects.create(
        image=image,
        level=level,
        name=name or f"region {number}",
        counts=counts,
        mask_sha256=hashlib.sha256(counts.encode()).hexdigest(),
        x=x,
        y=y,
        w=w,
        h=h,
        area=w * h,
        created_by=created_by,
    )
    return StudyROI.objects.create(
        study=study,
        roi=roi,
        image=image,
        shuffle_key=int.from_bytes(hashlib.sha256(str(number).encode()).digest()[:8]) % StudyROI.SHUFFLE_KEYS,
        raters_wanted=study.raters_per_roi,
    )


def make_proposal(
    study: Study,
    image: Image | None = None,
    *,
    box: tuple[int, int, int, int] = (20, 20, 50, 60),
    level: str = "component",
    score: float = 0.9,
    **fields: Any,
) -> Proposal:
    """A box-shaped proposal that waits for a person; on a new image of the study unless one is given."""
    image = image or make_image(study)
    mask = encode_box(image, box)
    x, y, w, h = box
    return Proposal.objects.create(
        study=study,
        image=image,
        level=level,
        counts=mask["counts"],
        mask_sha256=hashlib.sha256(f"{image.height}x{image.width}:{mask['counts']}".encode()).hexdigest(),
        x=x,
        y=y,
        w=w,
        h=h,
        area=w * h,
        score=score,
        **{"source": {"tool": "region-tree", "version": "region-tree-1", "events": []}, **fields},
    )


def make_assignment(
    study_roi: StudyROI, annotator: User, *, state: str = AssignmentState.ACTIVE, **fields: Any
) -> Assignment:
    """A claim, which takes one slot while it is active."""
    now = timezone.now()
    if state == AssignmentState.ACTIVE:
        StudyROI.objects.filter(pk=study_roi.pk).update(n_active=F("n_active") + 1)
    mine = Membership.objects.filter(study=study_roi.study_id, user=annotator, role=Role.ANNOTATOR)
    mine.update(claims_made=F("claims_made") + 1, last_image=study_roi.image_id)
    return Assignment.objects.create(
        study_id=study_roi.study_id,
        study_roi=study_roi,
        annotator=annotator,
        state=state,
        position=mine.values_list("claims_made", flat=True).first() or 1,
        lease_expires_at=now + timedelta(minutes=15),
        finished_at=now if state in {AssignmentState.SUBMITTED, AssignmentState.SKIPPED} else None,
        **fields,
    )


def make_rating(
    study_roi: StudyROI, annotator: User, answer: Mapping[str, Any] = ANSWER, *, purpose: str = "label", **fields: Any
) -> Rating:
    """A rating, accepted unless `status` says otherwise, with its submitted assignment."""
    assignment = make_assignment(study_roi, annotator, state=AssignmentState.SUBMITTED, purpose=purpose)
    values = {"status": "accepted", **fields}
    if values["status"] == "accepted":
        StudyROI.objects.filter(pk=study_roi.pk).update(n_accepted=F("n_accepted") + 1, consensus_due=True)
    return Rating.objects.create(
        study_id=study_roi.study_id,
        study_roi=study_roi,
        annotator=annotator,
        assignment=assignment,
        client_key=uuid.uuid4(),
        quality=answer["quality"],
        importance=answer["importance"],
        **answer["distortions"],
        **values,
    )


def make_job(study: Study | None = None, *, user: User | None = None, **fields: Any) -> Job:
    defaults: dict[str, Any] = {"kind": "import_images", "study_slug": study.slug if study else ""}
    return Job.objects.create(created_by=user, **{**defaults, **fields})


class JSONClient(APIClient):
    """DRF's test client with JSON bodies by default."""

    default_format = "json"


def client_for(user: User | None = None, *, check_csrf: bool = False) -> JSONClient:
    """A client with the user's session (anonymous without one); with `check_csrf` the server demands the CSRF token."""
    client = JSONClient(enforce_csrf_checks=check_csrf)
    if user is not None:
        client.force_login(user)
    return client


def token_client_for(user: User) -> JSONClient:
    """A client that sends `Authorization: Token ...`, as a program does."""
    client = JSONClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {make_token(user)[1]}")
    return client

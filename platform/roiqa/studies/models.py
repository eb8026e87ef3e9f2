"""A study: its protocol, its members, its images and ROIs."""

import secrets
import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Greatest
from django.utils import timezone

from roiqa.images.models import Image
from roiqa.regions.models import ROI, Level
from roiqa.regions.segmentation_models import REGION_TREE
from roiqa.studies import qualification_models  # noqa: F401  (Django finds its models through this one)


class StudyState(models.TextChoices):
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class RulesetName(models.TextChoices):
    ANCHOR = "anchor-v1"
    LITERAL = "literal-v1"


class SuggestionMode(models.TextChoices):
    """How a model's suggestions meet the annotators (docs/modes.md)."""

    BLIND = "blind"
    REVEAL_AFTER = "reveal_after"
    PREFILL = "prefill"


class Role(models.TextChoices):
    ANNOTATOR = "annotator"
    ADMIN = "admin"
    ML_ENGINEER = "ml_engineer"


class Study(models.Model):
    slug = models.CharField(max_length=64, unique=True, validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*\Z")])
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    guide_text = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=StudyState.choices, default=StudyState.OPEN)
    simulated = models.BooleanField(default=False)
    # The protocol.
    raters_per_roi = models.PositiveSmallIntegerField(
        default=7, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    ruleset = models.CharField(max_length=16, choices=RulesetName.choices, default=RulesetName.ANCHOR)
    lease_minutes = models.PositiveSmallIntegerField(
        default=15, validators=[MinValueValidator(1), MaxValueValidator(240)]
    )
    ask_extra_on_tie = models.BooleanField(default=True)
    annotators_draw = models.BooleanField(default=False)
    # What makes masks of clicks: "region-tree" or the id of a segmentation model.
    segmentation_model = models.CharField(max_length=64, default=REGION_TREE)
    suggestion_mode = models.CharField(
        max_length=12, choices=SuggestionMode.choices, default=SuggestionMode.REVEAL_AFTER
    )
    # With `prefill`: of 100 pairs of annotator and ROI so many stay blind, and so many show a level that is wrong on purpose.
    blind_percent = models.PositiveSmallIntegerField(default=20)
    wrong_percent = models.PositiveSmallIntegerField(default=3)
    # What a promoted model is unsure of comes sooner, in the train part (ratings.priority_draw).
    order_by_model = models.BooleanField(default=False)
    # The stopping rule (consensus.rules.stopping): off, an ROI gets `raters_per_roi` and one more on a tie.
    adaptive_votes = models.BooleanField(default=False)
    most_votes = models.PositiveSmallIntegerField(default=15)
    half_width = models.FloatField(default=0.6)
    ask_on_near_ties = models.BooleanField(default=True)
    # One claim in so many is a gold, or an ROI that the annotator has rated before; 0 is none.
    gold_every = models.PositiveSmallIntegerField(default=0)
    repeat_every = models.PositiveSmallIntegerField(default=0)
    # The first so many ROIs of a session are kept with weight 0.
    warm_up_rois = models.PositiveSmallIntegerField(default=0)
    # A break is due after so many minutes or ROIs of a session; 0 is never.
    break_after_minutes = models.PositiveSmallIntegerField(default=0)
    break_after_rois = models.PositiveSmallIntegerField(default=0)
    # Raised whenever something more is asked before rating; 0 asks nothing (QualificationRules says what).
    qualification_version = models.PositiveIntegerField(default=0, db_default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(suggestion_mode__in=SuggestionMode.values), name="study_suggestion_mode_known"
            ),
            models.CheckConstraint(
                condition=models.Q(blind_percent__range=(20, 100), wrong_percent__range=(0, 10)),
                name="study_suggestion_shares_sane",
            ),
            models.CheckConstraint(
                condition=models.Q(most_votes__range=(1, 100), half_width__gt=0), name="study_stopping_sane"
            ),
            models.CheckConstraint(condition=models.Q(raters_per_roi__range=(1, 100)), name="study_raters_sane"),
            models.CheckConstraint(condition=models.Q(state__in=StudyState.values), name="study_state_known"),
            models.CheckConstraint(condition=models.Q(ruleset__in=RulesetName.values), name="study_ruleset_known"),
        ]

    def __str__(self) -> str:
        return self.slug


def new_order_seed() -> int:
    return secrets.randbits(62)


class Membership(models.Model):
    """One person's place in one study. A person may hold several roles: one row each.

    The annotator row also carries what the claim needs: the seed of the person's own random order, how many claims
    were made, and the image shown last. Its row lock makes one annotator's claims and answers happen one by one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)
    # What exports call this annotator: random, so that neither name nor order of joining shows.
    pseudonym = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    joined_at = models.DateTimeField(default=timezone.now)
    order_seed = models.BigIntegerField(default=new_order_seed)
    claims_made = models.PositiveIntegerField(default=0)
    last_image = models.ForeignKey(Image, null=True, on_delete=models.SET_NULL, related_name="+")
    # The session under way: when it began, how many ROIs were given out in it, and when the last one was.
    session_started_at = models.DateTimeField(null=True)
    session_rois = models.PositiveIntegerField(default=0)
    last_claim_at = models.DateTimeField(null=True)
    excluded_at = models.DateTimeField(null=True)
    exclusion_reason = models.TextField(blank=True)
    # What the claim needs of studies.qualification: up to when, by which state of the rules, on which screen.
    qualified_until = models.DateTimeField(null=True)
    qualified_version = models.PositiveIntegerField(default=0, db_default=0)
    viewing_check = models.ForeignKey("studies.ViewingCheck", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "user", "role"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.study_id}"


class Invite(models.Model):
    """A link that lets its holder join with one role. Only the token's SHA-256 is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="invites")
    role = models.CharField(max_length=12, choices=Role.choices)
    digest = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    max_uses = models.PositiveIntegerField(default=1)
    uses = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(uses__lte=models.F("max_uses")), name="invite_not_overused"),
        ]

    def __str__(self) -> str:
        return f"invite {self.id} to {self.study_id}"


class StudyImage(models.Model):
    """An image taken into a study, under the file name it came with."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="study_images")
    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="study_images")
    file_name = models.CharField(max_length=255)
    source = models.CharField(max_length=200, blank=True)
    # Made for a gold: in no gallery and no count, and nothing but that gold is ever on it.
    for_gold = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "image"], name="study_image_once")]
        indexes = [models.Index(fields=["study", "file_name"], name="study_image_by_name")]

    def __str__(self) -> str:
        return self.file_name


class StudyROI(models.Model):
    """An ROI in its study, with the counters that the claim works on.

    Services in `ratings` keep `n_active` (claims that hold a slot) and `n_accepted` (ratings that count); what is left
    follows from them in the database itself, also when taking an exclusion back has overfilled an ROI. `shuffle_key` is uniform random: an annotator's order is a walk over it from points that
    the annotator's own seed gives (see ratings.claims).
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="study_rois")
    roi = models.OneToOneField(ROI, on_delete=models.PROTECT, related_name="study_roi")
    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="+")
    shuffle_key = models.PositiveBigIntegerField()
    raters_wanted = models.PositiveSmallIntegerField()
    n_active = models.PositiveSmallIntegerField(default=0)
    n_accepted = models.PositiveSmallIntegerField(default=0)
    # A gold is served apart from the walk: it has no slots, and what is answered never counts.
    is_gold = models.BooleanField(default=False)
    # Its reference answer is shown to people in training: nobody is given it to rate.
    is_training = models.BooleanField(default=False, db_default=False)
    slots_left = models.GeneratedField(
        expression=models.Case(
            models.When(models.Q(is_gold=True) | models.Q(is_training=True), then=models.Value(0)),
            default=Greatest(models.F("raters_wanted") - models.F("n_accepted") - models.F("n_active"), 0),
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )
    # A hint for the order of work (train part only): larger comes first. 0 keeps the random order.
    priority = models.FloatField(default=0)
    # Set whenever the counted ratings change; `consensus` clears it when it has recomputed the labels.
    consensus_due = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    SHUFFLE_KEYS = 2**62

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_gold=False) | models.Q(raters_wanted=0), name="study_roi_gold_has_no_slots"
            ),
        ]
        indexes = [
            models.Index(
                fields=["study", "shuffle_key"],
                name="study_roi_open",
                condition=models.Q(slots_left__gt=0),
                include=["image", "id"],
            ),
            models.Index(fields=["study"], name="study_roi_due", condition=models.Q(consensus_due=True)),
            models.Index(fields=["study"], name="study_roi_golds", condition=models.Q(is_gold=True)),
            models.Index(fields=["study", "image"], name="study_roi_by_image"),
            models.Index(fields=["study", "-created_at"], name="study_roi_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.roi_id} in {self.study_id}"


class Gold(models.Model):
    """An ROI with a known answer, mixed in to check annotators: distorted on purpose inside its mask, or marked by hand."""

    study_roi = models.OneToOneField(StudyROI, primary_key=True, on_delete=models.CASCADE, related_name="gold")
    # The levels that pass, by scale: {"blur": [0, 1, 2], "noise": [4, 5], ...}; a scale that is left out is not checked.
    accepted = models.JSONField()
    # How it was made: {"source": ROI id, "distortion", "setting", "version"}; empty when marked by hand.
    recipe = models.JSONField(default=dict)
    # No longer served; answers given are kept.
    retired_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"gold {self.study_roi_id}"


class ProposalState(models.TextChoices):
    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Proposal(models.Model):
    """A mask that a backend proposes for an image of a study. It becomes an ROI only when a person accepts it.

    Decided ones are kept: what was rejected once is not proposed again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="proposals")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")
    level = models.CharField(max_length=9, choices=Level.choices)
    # COCO's compressed RLE, as in ROI.
    counts = models.TextField()
    mask_sha256 = models.CharField(max_length=64)
    x = models.PositiveIntegerField()
    y = models.PositiveIntegerField()
    w = models.PositiveIntegerField()
    h = models.PositiveIntegerField()
    area = models.PositiveIntegerField()
    # How much the backend believes in it, 0 to 1; stability (None for backends without logits) likewise.
    score = models.FloatField()
    stability = models.FloatField(null=True)
    # Backend, version and prompt: what the provenance of its ROI will say.
    source = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=ProposalState.choices, default=ProposalState.PENDING)
    roi = models.ForeignKey(ROI, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "image", "level", "mask_sha256"], name="proposal_once"),
            models.CheckConstraint(condition=models.Q(level__in=Level.values), name="proposal_level_known"),
            models.CheckConstraint(condition=models.Q(state__in=ProposalState.values), name="proposal_state_known"),
            models.CheckConstraint(condition=models.Q(area__gte=ROI.MIN_AREA_PX), name="proposal_not_too_small"),
        ]
        indexes = [
            models.Index(fields=["study", "state", "created_at", "id"], name="proposal_queue"),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.state} on {self.image_id}"

    @property
    def bbox(self) -> list[int]:
        """[x, y, w, h] in image pixels."""
        return [self.x, self.y, self.w, self.h]

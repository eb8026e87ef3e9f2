"""What a study asks of annotators before they rate, and what each has done of it (docs/qualification.md)."""

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone


class QualificationRules(models.Model):
    """What one study asks. Nothing is asked unless an admin says so; `Study.qualification_version` counts the changes."""

    study = models.OneToOneField(
        "studies.Study", primary_key=True, on_delete=models.CASCADE, related_name="qualification_rules"
    )
    ask_consent = models.BooleanField(default=False)
    ask_viewing = models.BooleanField(default=False)
    recheck_days = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    # Which results of the viewing check must be good; the others are only kept.
    require_colour_vision = models.BooleanField(default=True)
    require_brightness = models.BooleanField(default=True)
    # The longer side of the screen in device pixels; 0 takes any screen.
    min_screen_px = models.PositiveIntegerField(default=0)
    ask_training = models.BooleanField(default=False)
    ask_quiz = models.BooleanField(default=False)
    quiz_pass_percent = models.PositiveSmallIntegerField(
        default=70, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    quiz_tries = models.PositiveSmallIntegerField(default=3, validators=[MinValueValidator(1), MaxValueValidator(20)])

    def __str__(self) -> str:
        return f"what {self.study_id} asks"


class ConsentText(models.Model):
    """One version of what people agree to. Versions are kept: a consent points to the words that were read."""

    study = models.ForeignKey("studies.Study", on_delete=models.CASCADE, related_name="consent_texts")
    version = models.PositiveIntegerField()
    text = models.TextField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "version"], name="consent_text_version_once")]

    def __str__(self) -> str:
        return f"consent {self.version} of {self.study_id}"


class Consent(models.Model):
    membership = models.ForeignKey("studies.Membership", on_delete=models.CASCADE, related_name="consents")
    text = models.ForeignKey(ConsentText, on_delete=models.CASCADE, related_name="+")
    given_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["membership", "text"], name="consent_once", condition=models.Q(withdrawn_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} to {self.text_id}"


class ViewingCheck(models.Model):
    """One person's look at one screen: what the browser tells of it and what the person saw on it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    membership = models.ForeignKey("studies.Membership", on_delete=models.CASCADE, related_name="viewing_checks")
    # A random number that the browser keeps: the same browser again, and nothing about whose it is.
    device = models.UUIDField()
    device_pixel_ratio = models.FloatField()
    # CSS pixels.
    screen_width = models.PositiveIntegerField()
    screen_height = models.PositiveIntegerField()
    # Depth, gamut, dynamic range, zoom and window, as the browser reports them.
    screen = models.JSONField(default=dict)
    # What its pictures are drawn from, so that the right answers are never sent.
    seed = models.BigIntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True)
    # CSS pixels per millimetre of glass, by a bank card held against it.
    px_per_mm = models.FloatField(null=True)
    answers = models.JSONField(default=dict)
    # Codes of what was not good (studies.viewing.PROBLEMS), required or not.
    problems = models.JSONField(default=list)
    passed = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["membership", "-started_at"], name="viewing_check_by_person")]

    def __str__(self) -> str:
        return f"viewing check {self.id}"


class ItemUse(models.TextChoices):
    TRAINING = "training"
    QUIZ = "quiz"


class TrainingItem(models.Model):
    """An ROI to learn on or to be examined on. It has a reference answer, so nobody is given it to rate any more."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.CASCADE, related_name="training_items")
    study_roi = models.OneToOneField("studies.StudyROI", on_delete=models.PROTECT, related_name="training_item")
    use = models.CharField(max_length=8, choices=ItemUse.choices)
    # Level by scale, severities with nonexistent as 5; a scale that is left out is not judged.
    reference = models.JSONField()
    from_consensus = models.BooleanField(default=False)
    # Shown with the reference once the person has answered; training only.
    explanation = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(use__in=ItemUse.values), name="training_item_use_known")
        ]
        indexes = [models.Index(fields=["study", "use", "created_at"], name="training_item_order")]

    def __str__(self) -> str:
        return f"{self.use} item {self.id}"


class TrainingAnswer(models.Model):
    """One answer to one item; `attempt` is 0 in training and the number of the try in the quiz."""

    membership = models.ForeignKey("studies.Membership", on_delete=models.CASCADE, related_name="training_answers")
    item = models.ForeignKey(TrainingItem, on_delete=models.CASCADE, related_name="answers")
    attempt = models.PositiveSmallIntegerField(default=0)
    answer = models.JSONField()
    right = models.BooleanField()
    answered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "item", "attempt"], name="training_answer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} on {self.item_id} ({self.attempt})"


class Qualification(models.Model):
    """How far one annotator has come. The claim reads the copy on the membership instead (studies.qualification)."""

    membership = models.OneToOneField(
        "studies.Membership", primary_key=True, on_delete=models.CASCADE, related_name="qualification"
    )
    trained_at = models.DateTimeField(null=True)
    quiz_passed_at = models.DateTimeField(null=True)
    # Tries that came to an end without passing, and those an admin has given on top of the rule.
    quiz_failed = models.PositiveSmallIntegerField(default=0)
    quiz_extra = models.PositiveSmallIntegerField(default=0)
    # Share of right items in the last finished try, 0 to 100.
    quiz_percent = models.FloatField(null=True)

    def __str__(self) -> str:
        return f"qualification of {self.membership_id}"


def new_crowd_token() -> str:
    return uuid.uuid4().hex


class CrowdLink(models.Model):
    """The entry of people whom a crowd platform sends. It is given to thousands, so it is no secret."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.CASCADE, related_name="crowd_links")
    name = models.CharField(max_length=80)
    token = models.CharField(max_length=32, unique=True, default=new_crowd_token)
    # The query parameter that carries the platform's id of the person, and further ones to keep for the payment list.
    id_parameter = models.CharField(max_length=40)
    other_parameters = models.JSONField(default=list)
    rois_wanted = models.PositiveIntegerField()
    completion_code = models.CharField(max_length=80)
    # Where the platform wants people back; {code} stands for the code.
    completion_url = models.CharField(max_length=500, blank=True)
    max_people = models.PositiveIntegerField()
    closed_at = models.DateTimeField(null=True)
    # After this day no id of the platform is left here.
    purge_on = models.DateField()
    purged_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["purge_on"], name="crowd_link_purge", condition=models.Q(purged_at=None))]

    def __str__(self) -> str:
        return f"{self.name} into {self.study_id}"


class CrowdPlace(models.Model):
    """Who came by which link. Says nothing of who that is."""

    membership = models.OneToOneField(
        "studies.Membership", primary_key=True, on_delete=models.CASCADE, related_name="crowd_place"
    )
    link = models.ForeignKey(CrowdLink, on_delete=models.CASCADE, related_name="places")
    joined_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.membership_id} by {self.link_id}"


class ExternalId(models.Model):
    """A crowd platform's id of a person: the one table that holds it. Read only to let people in again and to pay them."""

    place = models.OneToOneField(CrowdPlace, primary_key=True, on_delete=models.CASCADE, related_name="external")
    link = models.ForeignKey(CrowdLink, on_delete=models.CASCADE, related_name="external_ids")
    external_id = models.CharField(max_length=200)
    others = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "external_id"], name="external_id_once")]

    def __str__(self) -> str:
        return f"external id by {self.link_id}"

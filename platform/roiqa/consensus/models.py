"""The label made of the counted ratings of one ROI, under the study's ruleset. Derived: it can always be rebuilt."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from roiqa.studies.models import Study, StudyROI


class Consensus(models.Model):
    """Vote histograms and what they come to. Means, intervals and words follow from the votes (consensus.rules)."""

    study_roi = models.OneToOneField(StudyROI, primary_key=True, on_delete=models.CASCADE, related_name="consensus")
    ruleset = models.CharField(max_length=16)
    n = models.PositiveSmallIntegerField()
    # Six severities x votes 0..5, then quality 0..4, then importance 0..4: 46 counts.
    votes = ArrayField(models.PositiveSmallIntegerField(), size=46)
    # Six severity levels (-1: without), quality, importance.
    levels = ArrayField(models.SmallIntegerField(), size=8)
    is_clean = models.BooleanField()
    contested_clean = models.BooleanField()
    tie = models.BooleanField()
    computed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"label of {self.study_roi_id} (n={self.n})"


class StudyStatistics(models.Model):
    """The figures of a study's agreement and of its annotators, kept until its ratings change.

    Everything here can be made again from the ratings; `digest` says from which of them.
    """

    study = models.OneToOneField(Study, primary_key=True, on_delete=models.CASCADE, related_name="statistics")
    digest = models.CharField(max_length=64)
    # consensus.rules.report
    agreement = models.JSONField()
    # By user id: consensus.rules.screening; names and exclusions are joined when it is read.
    annotators = models.JSONField()
    computed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"statistics of {self.study_id}"

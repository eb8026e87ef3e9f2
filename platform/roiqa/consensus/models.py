"""The label made of the counted ratings of one ROI, under the study's ruleset. Derived: it can always be rebuilt."""

from django.db import models

from roiqa.studies.models import StudyROI


class Consensus(models.Model):
    study_roi = models.OneToOneField(StudyROI, primary_key=True, on_delete=models.CASCADE, related_name="consensus")
    ruleset = models.CharField(max_length=16)
    n = models.PositiveSmallIntegerField()
    clean = models.BooleanField()
    contested_clean = models.BooleanField()
    tie = models.BooleanField()
    quality_mean = models.FloatField()
    quality_level = models.PositiveSmallIntegerField()
    importance_mean = models.FloatField()
    importance_level = models.PositiveSmallIntegerField()
    # Per distortion and for quality and importance: votes, present, severity, level, tie (see consensus.rules).
    labels = models.JSONField()
    computed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"label of {self.study_roi_id} (n={self.n})"

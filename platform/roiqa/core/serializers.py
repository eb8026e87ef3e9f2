"""What several rooms answer with."""

from rest_framework import serializers

from roiqa.core.models import Job, JobState


class JobSerializer(serializers.ModelSerializer[Job]):
    """A long-running piece of work. Poll it until `finished_at` is set."""

    state = serializers.ChoiceField(choices=JobState.choices)
    report = serializers.DictField(help_text="What the work found; its keys depend on `kind`.")
    cancellable = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = (
            "id",
            "kind",
            "state",
            "done",
            "total",
            "message",
            "report",
            "created_at",
            "finished_at",
            "cancellable",
        )
        read_only_fields = fields

    def get_cancellable(self, job: Job) -> bool:
        return not job.is_finished and not job.cancel_requested

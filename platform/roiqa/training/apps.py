from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "roiqa.training"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Everywhere: a web process that cancels a waiting run must know what that leaves undone."""
        from roiqa.training import services  # noqa: F401, PLC0415  (models are ready only now)

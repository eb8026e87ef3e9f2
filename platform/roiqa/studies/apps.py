from django.apps import AppConfig


class StudiesConfig(AppConfig):
    name = "roiqa.studies"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Receivers are connected by being imported.
        from roiqa.studies import erasure  # noqa: F401, PLC0415

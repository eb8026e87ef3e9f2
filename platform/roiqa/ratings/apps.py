from django.apps import AppConfig


class RatingsConfig(AppConfig):
    name = "roiqa.ratings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Receivers are connected by being imported.
        from roiqa.ratings import erasure  # noqa: F401, PLC0415

from django.apps import AppConfig


class ReleasesConfig(AppConfig):
    name = "roiqa.releases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the jobs of this room everywhere: a web process that cancels one must know what it leaves undone."""
        from roiqa.releases import freezing  # noqa: F401, PLC0415  (models are ready only now)
        from roiqa.releases.exports import preparing  # noqa: F401, PLC0415
        from roiqa.releases.methods import preparing as methods  # noqa: F401, PLC0415

from typing import Any

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "roiqa.registry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from roiqa.studies.changes import regions_changed  # noqa: PLC0415

        regions_changed.connect(_suggest_for_new_regions, dispatch_uid="roiqa.registry")


def _suggest_for_new_regions(*, study: Any, **_: Any) -> None:
    """New ROIs and changed masks get their suggestions at once, if a model serves."""
    from roiqa.registry import suggesting  # noqa: PLC0415  (models are not loaded when this module is)

    suggesting.want(study, something_is_missing=True)

from django.apps import AppConfig


class ReleasesConfig(AppConfig):
    name = "roiqa.releases"
    default_auto_field = "django.db.models.BigAutoField"

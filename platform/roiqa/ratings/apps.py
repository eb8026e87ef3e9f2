from django.apps import AppConfig


class RatingsConfig(AppConfig):
    name = "roiqa.ratings"
    default_auto_field = "django.db.models.BigAutoField"

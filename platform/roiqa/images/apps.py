from django.apps import AppConfig


class ImagesConfig(AppConfig):
    name = "roiqa.images"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "roiqa.accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # drf-spectacular finds its extensions by their being imported.
        from roiqa.accounts import schema  # noqa: F401, PLC0415

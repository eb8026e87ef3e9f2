from django.apps import AppConfig


class ConsensusConfig(AppConfig):
    name = "roiqa.consensus"
    default_auto_field = "django.db.models.BigAutoField"

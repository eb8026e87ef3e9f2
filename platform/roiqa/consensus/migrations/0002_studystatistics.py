import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consensus", "0001_initial"),
        ("studies", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="StudyStatistics",
            fields=[
                (
                    "study",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="statistics",
                        serialize=False,
                        to="studies.study",
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("agreement", models.JSONField()),
                ("annotators", models.JSONField()),
                ("computed_at", models.DateTimeField()),
            ],
        ),
    ]

from django.db import migrations

FORWARD = """
CREATE TABLE roiqa_cache (cache_key varchar(255) NOT NULL PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
CREATE INDEX roiqa_cache_expires ON roiqa_cache (expires);
"""


class Migration(migrations.Migration):
    """The table of Django's database cache (login throttling), so that no extra command is needed after `migrate`."""

    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, "DROP TABLE roiqa_cache;")]

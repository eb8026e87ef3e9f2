from django.db import migrations

FORWARD = """
CREATE FUNCTION rating_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'ratings are never deleted' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- The two columns that say how a rating counts may change; what the person answered may not.
    IF (to_jsonb(NEW) - '{is_current,status}'::text[]) IS DISTINCT FROM (to_jsonb(OLD) - '{is_current,status}'::text[]) THEN
        RAISE EXCEPTION 'ratings are never changed: a revision is a new row' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rating_append_only BEFORE UPDATE OR DELETE ON ratings_rating
    FOR EACH ROW EXECUTE FUNCTION rating_is_append_only();
"""
BACKWARD = """
DROP TRIGGER rating_append_only ON ratings_rating;
DROP FUNCTION rating_is_append_only();
"""


class Migration(migrations.Migration):
    """A submitted rating is never lost: the database itself refuses to change or delete one."""

    dependencies = [("ratings", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

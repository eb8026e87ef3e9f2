from django.db import migrations

FORWARD = """
CREATE FUNCTION ready_release_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'ready' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a ready release is never deleted' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- A person's account and an old job may go; the reference to them then becomes null, and nothing else changes.
    IF (to_jsonb(NEW) - '{created_by_id,job_id}'::text[]) IS DISTINCT FROM (to_jsonb(OLD) - '{created_by_id,job_id}'::text[])
        OR (NEW.created_by_id IS NOT NULL AND NEW.created_by_id IS DISTINCT FROM OLD.created_by_id)
        OR (NEW.job_id IS NOT NULL AND NEW.job_id IS DISTINCT FROM OLD.job_id)
    THEN
        RAISE EXCEPTION 'a ready release is never changed: freeze a new one' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER release_immutable BEFORE UPDATE OR DELETE ON releases_release
    FOR EACH ROW EXECUTE FUNCTION ready_release_is_immutable();
"""
BACKWARD = """
DROP TRIGGER release_immutable ON releases_release;
DROP FUNCTION ready_release_is_immutable();
"""


class Migration(migrations.Migration):
    """What was exported and trained on can be found again: the database itself refuses to change a ready release."""

    dependencies = [("releases", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

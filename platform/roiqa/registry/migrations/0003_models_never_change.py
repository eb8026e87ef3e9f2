from django.db import migrations

FORWARD = """
CREATE FUNCTION model_version_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a model is never deleted' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- A person's account may go; the reference to it then becomes null, and nothing else changes.
    IF (to_jsonb(NEW) - 'created_by_id') IS DISTINCT FROM (to_jsonb(OLD) - 'created_by_id')
        OR (NEW.created_by_id IS NOT NULL AND NEW.created_by_id IS DISTINCT FROM OLD.created_by_id)
    THEN
        RAISE EXCEPTION 'a model is never changed: register a new one' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER model_version_immutable BEFORE UPDATE OR DELETE ON registry_modelversion
    FOR EACH ROW EXECUTE FUNCTION model_version_is_immutable();
"""
BACKWARD = """
DROP TRIGGER model_version_immutable ON registry_modelversion;
DROP FUNCTION model_version_is_immutable();
"""


class Migration(migrations.Migration):
    """What suggested and what was compared can be found again: the database itself refuses to change a model."""

    dependencies = [("registry", "0002_suggestions_by_time")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

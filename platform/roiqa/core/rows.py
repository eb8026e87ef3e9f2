"""Model instances from hand-written SQL and back, for the few statements that run at every click of an annotator.

Building such a query with the ORM takes several times as long as PostgreSQL needs to answer it (docs/performance.md).
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model


def columns(model: type[Model], alias: str) -> str:
    """All columns of the model's table as a select list, in the order that `instances` expects them."""
    return ", ".join(f'"{alias}"."{field.column}"' for field in model._meta.concrete_fields)


def instances(row: Sequence[Any], *models: type[Model]) -> list[Any]:
    """One instance of each model from a row that holds the columns of all of them, one after another."""
    values = iter(row)
    return [_instance(model, list(islice(values, len(model._meta.concrete_fields)))) for model in models]


def _instance(model: type[Model], values: Sequence[Any]) -> Model:
    fields = model._meta.concrete_fields
    # What the ORM does to columns whose database form is not their Python form (JSON).
    loaded = [
        field.from_db_value(value, None, connection) if hasattr(field, "from_db_value") else value
        for field, value in zip(fields, values, strict=True)
    ]
    return model.from_db(DEFAULT_DB_ALIAS, [field.attname for field in fields], loaded)


def insertable(made: Model) -> dict[str, Any]:
    """The columns of this new instance with the parameters that INSERT takes for them."""
    return {
        str(field.column): field.get_db_prep_save(getattr(made, field.attname), connection)
        for field in made._meta.concrete_fields
        if not field.generated
    }

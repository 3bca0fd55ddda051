"""Labels of related rows."""

from __future__ import annotations

from django.db.models import ForeignKey, Model


def name_of(row: Model, relation: str) -> str:
    """The related row's label if it is loaded, else its key, so that `__str__` never runs a query."""
    field = row._meta.get_field(relation)
    if not isinstance(field, ForeignKey):
        raise TypeError(f"{relation} is not a foreign key of {row._meta.label}.")
    return str(getattr(row, relation)) if field.is_cached(row) else f"#{getattr(row, field.attname)}"

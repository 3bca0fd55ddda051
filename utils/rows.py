"""What rows are called."""

from __future__ import annotations

from django.db.models import ForeignKey, Model


def name_of(row: Model, relation: str) -> str:
    """How the related row is called if it is loaded, else by its key: naming a row never asks the database."""
    field = row._meta.get_field(relation)
    if not isinstance(field, ForeignKey):
        raise TypeError(f"{relation} is no foreign key of {row._meta.label}.")
    return str(getattr(row, relation)) if field.is_cached(row) else f"#{getattr(row, field.attname)}"

"""Money stored as integer fen, so that no database calculates yuan in binary floating point.

SQLite stores a DecimalField as a float: 25.00 − 24.99 isn't 0.01 there, and balances drift.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Value
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable

    Base = models.BigIntegerField[Decimal | int | str | Combinable, Decimal]
else:
    Base = models.BigIntegerField

FEN = Decimal("0.01")  # yuan


class MoneyField(Base):
    """Yuan as Decimal with two places in Python, fen as an integer in the database."""

    if TYPE_CHECKING:  # read by django-stubs
        _pyi_private_set_type: Decimal | int | str | Combinable  # type: ignore[assignment]
        _pyi_private_get_type: Decimal  # type: ignore[assignment]
        _pyi_lookup_exact_type: Decimal | int | str  # type: ignore[assignment]

    def from_db_value(self, value: int | None, *_: Any) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-2).quantize(FEN)

    def to_python(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError("Money must not be a float.")
        try:
            amount = Decimal(value)
            exact = amount.quantize(FEN)
        except (InvalidOperation, TypeError, ValueError) as error:
            raise ValidationError(_("“%(value)s” is not an amount."), params={"value": value}) from error
        if exact != amount:
            raise ValidationError(_("“%(value)s” has more than two decimals."), params={"value": value})
        return exact

    def get_prep_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        try:
            return int(self.to_python(value).scaleb(2))
        except ValidationError as error:
            raise ValueError(error.messages[0]) from error

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj))

    def formfield(self, **kwargs: Any) -> Any:
        defaults = {"form_class": forms.DecimalField, "max_digits": 12, "decimal_places": 2}
        return models.Field.formfield(self, **{**defaults, **kwargs})


def yuan_value(amount: Decimal) -> Value:
    """An amount in a database expression: `F("balance") + yuan_value(amount)`."""
    return Value(amount, output_field=MoneyField())

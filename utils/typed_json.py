"""Converts dataclasses and named tuples to JSON and back, guided by their type hints.

A dataclass becomes an object, a tuple or named tuple an array, a Fraction [numerator, denominator]. A field with a
default may be missing, since rows and files outlive the code that wrote them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from fractions import Fraction
from types import NoneType, UnionType
from typing import TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
T = TypeVar("T")


class Malformed(ValueError):
    """The JSON doesn't match the type; the message names the field."""


def dump(value: object) -> Json:
    """The JSON value of a supported type. Raises TypeError for any other."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Fraction):
        return [value.numerator, value.denominator]
    if isinstance(value, tuple | list):
        return [dump(one) for one in cast("Sequence[object]", value)]
    if is_dataclass(value):
        return {field.name: dump(cast("object", getattr(value, field.name))) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no JSON")


def load(kind: type[T], data: object) -> T:
    """The `kind` that a JSON value represents; unknown keys are ignored. Raises Malformed."""
    return cast("T", _load(kind, data, kind.__name__))


def _load(kind: object, data: object, place: str) -> object:
    arguments: tuple[object, ...] = get_args(kind)
    if get_origin(kind) in (Union, UnionType):  # X | None only
        (other,) = (argument for argument in arguments if argument is not NoneType)
        return None if data is None else _load(other, data, place)
    if get_origin(kind) is tuple:  # tuple[X, ...]
        return tuple(_load(arguments[0], one, f"{place}[{n}]") for n, one in enumerate(_array(data, place)))
    if not isinstance(kind, type):
        raise TypeError(f"{place} is of a kind that has no JSON: {kind}")
    if kind is float and type(data) is int:
        return float(data)
    if kind in (bool, int, float, str):
        if type(data) is not kind:
            raise Malformed(f"{place} is no {kind.__name__}")
        return data
    if kind is Fraction:
        return _fraction(data, place)
    if issubclass(kind, Enum):
        return _member(kind, data, place)
    return _record(kind, data, place)


def _fraction(data: object, place: str) -> Fraction:
    match data:
        case [int(numerator), int(denominator)] if denominator:
            return Fraction(numerator, denominator)
    raise Malformed(f"{place} is no fraction")


def _member(kind: type[Enum], data: object, place: str) -> Enum:
    try:
        return kind(data)
    except ValueError as error:
        raise Malformed(f"{place}: {error}") from error


def _record(kind: type, data: object, place: str) -> object:
    hints = _hints(kind)
    if is_dataclass(kind):
        if not isinstance(data, dict):
            raise Malformed(f"{place} is no object")
        given = {name: one for name, one in cast("dict[str, object]", data).items() if name in hints}
        required = [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]
    else:
        given = dict(zip(hints, _array(data, place), strict=False))
        required = list(hints)
    missing = [name for name in required if name not in given]
    if missing:
        raise Malformed(f"{place} has no {missing[0]}")
    values = {name: _load(hints[name], one, f"{place}.{name}") for name, one in given.items()}
    return cast("object", kind(**values))


def _array(data: object, place: str) -> list[object]:
    if not isinstance(data, list):
        raise Malformed(f"{place} is no array")
    return data


@functools.cache
def _hints(kind: type) -> dict[str, object]:
    return get_type_hints(kind)

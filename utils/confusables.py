"""Confusable names and mixed scripts, detected with ICU (UTS #39)."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import icu
from django.db import models

from utils.plain_text import without_hidden

_NOT_LETTERS = re.compile(r"[\W_]+")
_CHECKER = icu.SpoofChecker()
# one script, or Latin beside Han with kana, bopomofo or hangul (UTS #39 §5.2); digits of one system (§5.3)
_CHECKER.setRestrictionLevel(icu.URestrictionLevel.HIGHLY_RESTRICTIVE)
_CHECKER.setChecks(icu.USpoofChecks.RESTRICTION_LEVEL | icu.USpoofChecks.MIXED_NUMBERS)


def skeleton(text: str) -> str:
    """The skeleton shared by all names confusable with this one (UTS #39 §4), ignoring case."""
    folded = unicodedata.normalize("NFKC", without_hidden(text)).casefold()
    return prototypes(folded).casefold()  # O and 0 share the prototype O


def prototypes(text: str) -> str:
    """The text with each character replaced by its confusable prototype; m becomes rn."""
    return str(_CHECKER.getSkeleton(0, text))


def mixes_scripts(text: str) -> bool:
    """Whether a word mixes letters or digits of several scripts."""
    return any(_CHECKER.check(word) for word in _NOT_LETTERS.split(text) if word)


class SkeletonField(models.CharField):  # type: ignore[type-arg]
    """The skeleton of the field `of`, updated on every save; unique, so that no two rows are confusable.

    Rows that were confusable before this field existed keep their names: all but the first have `#` and their key
    appended to the skeleton.
    """

    def __init__(self, *args: Any, of: str, **kwargs: Any) -> None:
        self.of = of
        super().__init__(*args, **{"max_length": 230, "unique": True, "editable": False, **kwargs})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        made = stored_skeleton(getattr(model_instance, self.of))
        held = getattr(model_instance, self.attname) or ""
        if held != made and not (held.startswith(f"{made}#") and not add):
            setattr(model_instance, self.attname, made)
        return str(getattr(model_instance, self.attname))


def stored_skeleton(text: str) -> str:
    """The skeleton, truncated for storage."""
    return skeleton(text)[:200]


def confusable_with(field: str, text: str) -> models.Q:
    """A filter for rows whose SkeletonField `field` is confusable with the text."""
    made = stored_skeleton(text)
    return models.Q(**{field: made}) | models.Q(**{f"{field}__gt": f"{made}#", f"{field}__lt": f"{made}$"})

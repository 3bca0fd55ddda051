"""Admin forms that never lose input: every rejected value is reported at its field."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext, ngettext
from unfold.forms import PaginationInlineFormSet

from utils.numbers import row_id
from utils.plain_text import clean_line, clean_text, is_visible

TAKEN = {"unique", "unique_together"}  # Django's codes


class AdminModelForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Reports unique-together errors at the last visible field involved, instead of at the top of the form.

    Strips invisible characters from text, so that names which look the same are the same.
    """

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for name, value in list(values.items()):  # add_error removes the value
            field = self.fields[name]
            if type(field) is not forms.CharField or not isinstance(value, str):
                continue
            values[name] = clean_text(value) if isinstance(field.widget, forms.Textarea) else clean_line(value)
            if value and field.required and not is_visible(value):
                self.add_error(name, field.error_messages["required"])
        return values

    def add_error(self, field: str | None, error: Any) -> None:
        if field is None and isinstance(error, ValidationError) and hasattr(error, "error_dict"):
            placed: dict[str, list[ValidationError]] = {}
            for name, found in error.error_dict.items():
                for one in found:
                    if one.code in TAKEN:
                        one.message = gettext("A %(model_name)s with this value already exists.")
                    placed.setdefault(self._place(one) if name == NON_FIELD_ERRORS else name, []).append(one)
            error = ValidationError(placed)
        super().add_error(field, error)

    def _place(self, error: ValidationError) -> str:
        names = (error.params or {}).get("unique_check", ())
        typed = [name for name in names if name in self.fields and not self.fields[name].widget.is_hidden]
        return typed[-1] if typed else NON_FIELD_ERRORS


class SaveFailedForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Redisplays the input when the database rejected valid values, for example in a race."""

    def clean(self) -> dict[str, Any]:
        self.add_error(
            None, gettext("Couldn't save your changes. Someone else may be editing the same item. Try again later.")
        )
        return super().clean() or {}


class SafeMultipleChoiceField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A multiple choice field that rejects malformed primary keys before they reach the database."""

    def clean(self, value: Any) -> Any:
        for key in value or ():
            if row_id(str(key)) is None:
                raise ValidationError(
                    self.error_messages["invalid_pk_value"], code="invalid_pk_value", params={"pk": key}
                )
        return super().clean(value)


class _SafeAutocompleteMixin:
    """Redisplays the selection, except for malformed primary keys."""

    known: dict[str, str] | None = None  # labels by primary key, if a formset prefetched them

    def optgroups(self, name: str, value: list[str], attr: Any = None) -> Any:
        keys = [str(v) for v in value if v and row_id(str(v))]
        if self.known is None or not self.known.keys() >= set(keys):
            return super().optgroups(name, keys, attr)  # type: ignore[misc]
        blank = [] if self.is_required else [("", "")]  # type: ignore[attr-defined]
        options = [*blank, *((key, self.known[key]) for key in keys)]
        return [(None, [self.create_option(name, *o, set(keys), n) for n, o in enumerate(options)], 0)]  # type: ignore[attr-defined]


class SafeAutocomplete(_SafeAutocompleteMixin, AutocompleteSelect):  # type: ignore[misc]
    pass


class SafeAutocompleteMultiple(_SafeAutocompleteMixin, AutocompleteSelectMultiple):  # type: ignore[misc]
    pass


class DeletedRowsMixin:
    """A formset mixin that drops rows deleted by someone else since the page was loaded, with a message."""

    request: HttpRequest | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound:  # type: ignore[attr-defined]
            self._drop_deleted(self)

    def _drop_deleted(self, formset: Any) -> None:
        management = formset.management_form
        if not management.is_valid():
            return
        before, total = (management.cleaned_data[name] for name in ("INITIAL_FORMS", "TOTAL_FORMS"))
        before, total = min(before, formset.absolute_max), min(total, formset.absolute_max)
        key, rows = formset.model._meta.pk.name, formset.queryset
        sent = [row_id(formset.data.get(f"{formset.prefix}-{n}-{key}", "")) for n in range(before)]
        there: dict[int, Model] = {row.pk: row for row in rows.filter(pk__in=[pk for pk in sent if pk])}
        # only rows of the submitted page; others may have moved onto it since
        formset._queryset = [there[pk] for pk in sent if pk in there]
        gone = [n for n, pk in enumerate(sent) if pk and pk not in there]
        if not gone:
            return
        kept = [n for n in range(total) if n not in gone]
        formset.data = _renumbered(formset.data, formset.prefix, kept)
        formset.files = _renumbered(formset.files, formset.prefix, kept)
        formset.data[f"{formset.prefix}-TOTAL_FORMS"] = str(len(kept))
        formset.data[f"{formset.prefix}-INITIAL_FORMS"] = str(before - len(gone))
        del formset.__dict__["management_form"]
        if self.request:
            said = ngettext(
                "Someone else deleted %d row of this page in the meantime.",
                "Someone else deleted %d rows of this page in the meantime.",
                len(gone),
            )
            messages.warning(self.request, said % len(gone))


def _renumbered(sent: Any, prefix: str, kept: list[int]) -> Any:
    """The submitted data with the rows in `kept` renumbered from 0."""
    place = {old: new for new, old in enumerate(kept)}
    fresh: MultiValueDict[str, Any] = MultiValueDict()
    for name, values in sent.lists() if sent else ():  # without files it is a plain dict
        row = re.fullmatch(rf"{re.escape(prefix)}-(\d{{1,6}})-(.+)", name, re.ASCII | re.DOTALL)
        if row is None:
            fresh.setlist(name, values)
        elif int(row[1]) in place:
            fresh.setlist(f"{prefix}-{place[int(row[1])]}-{row[2]}", values)
    return fresh


class AdminInlineFormSet(DeletedRowsMixin, PaginationInlineFormSet):
    """A paginated inline formset that loads the labels of related rows in one query."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for name, field in form.fields.items():
            widget = getattr(field.widget, "widget", field.widget)
            if isinstance(widget, SafeAutocomplete):
                widget.known = self._names(name, field)

    def _names(self, name: str, field: Any) -> dict[str, str]:
        kept: dict[str, dict[str, str]] = self.__dict__.setdefault("_names_by_field", {})
        if name not in kept:
            sent = [self.data.get(f"{self.prefix}-{n}-{name}") for n in range(self.total_form_count())]
            keys = {getattr(row, f"{name}_id") for row in self.get_queryset()} | {row_id(key or "") for key in sent}
            kept[name] = {
                str(row.pk): field.label_from_instance(row) for row in field.queryset.filter(pk__in=keys - {None})
            }
        return kept[name]


class AdminListFormSet(DeletedRowsMixin, forms.BaseModelFormSet):  # type: ignore[type-arg]  # not subscriptable when it runs
    pass

"""Base classes for the admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import DataError, IntegrityError
from django.db.models import (
    CASCADE,
    PROTECT,
    Field,
    IntegerField,
    ManyToOneRel,
    Model,
    PositiveIntegerField,
    PositiveSmallIntegerField,
    QuerySet,
    SmallIntegerField,
)  # fmt: skip
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from utils.admin_forms import (
    AdminInlineFormSet,
    AdminListFormSet,
    AdminModelForm,
    SafeAutocomplete,
    SafeAutocompleteMultiple,
    SafeMultipleChoiceField,
    SaveFailedForm,
)
from utils.cache import invalidate_pages

NAMED = 20  # rows listed on the delete confirmation page
MOST: dict[type[Field[Any, Any]], int] = {  # limits of all databases; SQLite itself has none
    SmallIntegerField: 32_767,
    PositiveSmallIntegerField: 32_767,
    IntegerField: 2_147_483_647,
    PositiveIntegerField: 2_147_483_647,
}


class _FormFields:
    """Form fields that report every invalid value at the field."""

    form = AdminModelForm

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if most := MOST.get(type(db_field)):
            kwargs.setdefault("max_value", most)
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):  # type: ignore[attr-defined]
            kwargs.setdefault("widget", SafeAutocomplete(db_field, self.admin_site))  # type: ignore[attr-defined]
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):  # type: ignore[attr-defined]
            kwargs.setdefault("widget", SafeAutocompleteMultiple(db_field, self.admin_site))  # type: ignore[attr-defined]
        return super().formfield_for_manytomany(  # type: ignore[misc]
            db_field, request, **{"form_class": SafeMultipleChoiceField, **kwargs}
        )


class FormAdmin(_FormFields, ModelAdmin):
    """For editable models: if the database rejects a change, the form is shown again with its input."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return _retry_once(request, lambda: super(FormAdmin, self).changeform_view(request, *args, **kwargs))

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return _retry_once(request, lambda: super(FormAdmin, self).changelist_view(request, *args, **kwargs))

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return _retry_once(request, lambda: super(FormAdmin, self).delete_view(request, *args, **kwargs))

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return _with_failure(request, super().get_form(request, *args, **kwargs))

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return _with_failure(request, super().get_changelist_form(request, **{"form": AdminModelForm, **kwargs}))

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        formset = type("ListFormSet", (AdminListFormSet,), {"request": request})
        return super().get_changelist_formset(request, **{"formset": formset, **kwargs})

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Counts of cascading deletes instead of lists, since a category may have 100,000 titles."""
        rows = self.model._default_manager.filter(pk__in=[row.pk for row in objs])
        counts, held = {str(self.opts.verbose_name_plural): rows.count()}, []
        for relation in self.opts.related_objects:
            if not isinstance(relation, ManyToOneRel) or not relation.field.concrete:
                continue
            opts = relation.related_model._meta
            count = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": rows}).count()
            if count and relation.on_delete is PROTECT:
                held.append(f"{opts.verbose_name_plural}: {count}")
            elif count and relation.on_delete is CASCADE:
                counts[str(opts.verbose_name_plural)] = counts.get(str(opts.verbose_name_plural), 0) + count
        refused = {
            str(self.opts.verbose_name)
            for row in rows[: self.list_max_show_all]
            if not self.has_delete_permission(request, row)
        }
        named = [str(row) for row in rows[:NAMED]]
        return [*named, *(["…"] if counts[str(self.opts.verbose_name_plural)] > NAMED else [])], counts, refused, held


def _retry_once(request: HttpRequest, view: Callable[[], Any]) -> Any:
    """Run the view; retry once after a race between validation and write, so that validation finds the conflict."""
    if request.method != "POST":
        return view()
    for last in (False, True):
        try:
            return view()
        except (IntegrityError, DataError):  # ProtectedError is one
            if last:
                request.save_failed = True  # type: ignore[attr-defined]
    return view()


def _with_failure(request: HttpRequest, form: Any) -> Any:
    return type(form.__name__, (SaveFailedForm, form), {}) if getattr(request, "save_failed", False) else form


class PublicModelAdmin(FormAdmin):
    """For models shown on public pages: changes invalidate the page cache."""

    def save_related(self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        invalidate_pages()

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        super().delete_model(request, obj)
        invalidate_pages()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        super().delete_queryset(request, queryset)
        invalidate_pages()


class ReadOnlyAdmin(ModelAdmin):
    """For read-only records."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, *_args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class _Page(_FormFields):
    """A paginated inline, so that forms stay below DATA_UPLOAD_MAX_NUMBER_FIELDS."""

    formset = AdminInlineFormSet
    per_page = 40
    extra = 0
    tab = True
    view_on_site = False  # the parent has the link

    def get_max_num(self, request: HttpRequest, obj: Any = None, **_kwargs: Any) -> int:
        """The existing rows of a page plus room for new ones."""
        return self.per_page + 20


class PagedTabularInline(_Page, TabularInline):
    pass


class PagedStackedInline(_Page, StackedInline):
    pass


class ReadOnlyInline(TabularInline):
    """A paginated inline of read-only records."""

    per_page = 40
    extra = 0
    can_delete = False
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

"""Template tags for the form that adds uploads to the catalogue."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

from apps.movies.forms import AddUploadsForm

register = template.Library()


@register.inclusion_tag("admin/movies/add_uploads_form.html")
def add_uploads_form() -> dict[str, Any]:
    """The form that creates titles and episodes from uploads."""
    return {"form": AddUploadsForm(initial={"way": AddUploadsForm.Way.FILMS})}


@register.simple_tag
def add_uploads_media() -> SafeString:
    """The form's scripts and styles."""
    return AddUploadsForm().media.render()

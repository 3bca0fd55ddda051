"""The form of the upload page that makes titles and episodes of files."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

from apps.movies.forms import AddUploadsForm

register = template.Library()


@register.inclusion_tag("admin/movies/add_uploads_form.html")
def add_uploads_form() -> dict[str, Any]:
    """What the uploaded files become."""
    return {"form": AddUploadsForm(initial={"way": AddUploadsForm.Way.FILMS})}


@register.simple_tag
def add_uploads_media() -> SafeString:
    """The scripts and styles of that form's fields."""
    return AddUploadsForm().media.render()

"""The form of the upload page that makes titles and episodes of files."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

from apps.movies.forms import ShelveForm

register = template.Library()


@register.inclusion_tag("admin/movies/shelve_form.html")
def shelve_form() -> dict[str, Any]:
    """What the uploaded files become."""
    return {"form": ShelveForm(initial={"way": ShelveForm.Way.FILMS})}


@register.simple_tag
def shelve_media() -> SafeString:
    """The scripts and styles of that form's fields."""
    return ShelveForm().media.render()

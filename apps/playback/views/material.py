"""Course material, for viewers entitled to the course."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.movies.models import Audience, Kind, Material
from apps.playback import presenters, services


@never_cache
@require_safe
def material(request: HttpRequest, material_id: int) -> HttpResponse:
    """Redirect to a short-lived URL of the file; 403 with a page that says how to get access.

    Raises Http404 for what isn't visible to the viewer.
    """
    row = get_object_or_404(
        Material.objects.select_related("movie").defer("movie__summary", "movie__content"),
        pk=material_id,
        movie__kind=Kind.COURSE,
    )
    reason = services.withheld(audience=Audience.of(request), movie=row.movie)
    if reason is services.Reason.NOT_READY:
        raise Http404
    if reason:
        need = presenters.material_gate(row.movie, reason, request.path)
        return render(request, "playback/material.html", {"material": row, "need": need}, status=403)
    return redirect(row.file.storage.url(row.file.name or ""))

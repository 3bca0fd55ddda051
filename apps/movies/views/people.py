"""The page of a person."""

from __future__ import annotations

from collections import Counter

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.movies import services
from apps.movies.models import Audience, Credit, Person
from utils.cache import allow_page_cache
from utils.paging import page_links

PAGE = 24


@require_safe
def person(request: HttpRequest, person_id: int) -> HttpResponse:
    """A person with the titles of one role (`?role=`, else the most frequent); 404 without a listed title."""
    found = get_object_or_404(Person.objects.select_related("merged_into"), pk=person_id)
    if found.merged_into:
        return redirect(found.merged_into, permanent=True)
    audience = Audience.of(request)
    parts = services.filmography(person=found, audience=audience)
    if not parts:
        raise Http404
    roles = Counter(part.role for part in parts)
    role = request.GET.get("role", "")
    is_known = role in roles and len(roles) > 1 and len(request.GET) == 1
    role = role if role in roles else roles.most_common(1)[0][0]
    movie_page = Paginator([part for part in parts if part.role == role], PAGE).get_page(request.GET.get("page", "1"))
    address = found.get_absolute_url()

    def page_url(number: int, of: str = role) -> str:
        query = [f"role={of}"] if len(roles) > 1 else []
        query += [f"page={number}"] if number > 1 else []
        return f"{address}?{'&'.join(query)}" if query else address

    labels = dict(Credit.Role.choices)
    context = {
        "person": found,
        "names": [name for name in (found.original_name, *found.aliases.splitlines()) if name.strip()],
        "roles": [
            {"label": capfirst(str(labels[name])), "count": count, "url": page_url(1, name), "chosen": name == role}
            for name, count in roles.most_common()
        ],
        "occupation": " · ".join(capfirst(str(labels[name])) for name, _count in roles.most_common()),
        "movie_page": movie_page,
        "titles": services.titles_of(parts=movie_page.object_list, audience=audience),
        "pages": page_links(movie_page, page_url),
        "title": found.name,
        "description": found.about or _("Films and series with %s.") % found.name,
    }
    return allow_page_cache(request, render(request, "movies/person.html", context), query_is_known=is_known)

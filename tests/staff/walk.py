"""Every address, permission and action of the administration, read from its registry and the URL resolver."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import Model, Q
from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from apps.users.models import User
from tests.factories import make_user

_factory = RequestFactory()


def make_staff(*permissions: str, **fields: Any) -> User:
    """A member of staff with these permissions, each "<app>.<codename>"."""
    user = make_user(is_staff=True, **fields)
    named = Q(pk=None)
    for permission in permissions:
        app, codename = permission.split(".")
        named |= Q(content_type__app_label=app, codename=codename)
    found = Permission.objects.filter(named)
    assert len(found) == len(permissions)
    user.user_permissions.set(found)
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def answer(user: User, method: str, address: str, data: dict[str, Any] | None = None) -> Any:
    """A view's answer to `user`, by `method` "get" or "post"; an empty one of the status where it raises 403, 404, 400.

    The view decides and asks the database as for a browser. The page is not rendered, and no middleware runs: tests
    with `signed_in` walk through those.
    """
    request = getattr(_factory, method)(address, data)
    match = request.resolver_match = resolve(request.path_info)
    request.user, request.session = user, SessionStore()
    request._messages = FallbackStorage(request)
    request._dont_enforce_csrf_checks = True
    try:
        return match.func(request, *match.args, **match.kwargs)
    except PermissionDenied:
        return HttpResponse(status=403)
    except Http404:
        return HttpResponse(status=404)
    except SuspiciousOperation:
        return HttpResponse(status=400)


def ask(user: User, method: str, address: str, data: dict[str, Any] | None = None) -> int:
    """The status of `answer`."""
    return answer(user, method, address, data).status_code


def page(user: User, address: str) -> str:
    """The page that a view shows to `user`; "" where it shows none."""
    shown = answer(user, "get", address)
    if shown.status_code != 200 or "html" not in shown["Content-Type"]:
        return ""
    return (shown.render() if isinstance(shown, TemplateResponse) else shown).content.decode()


def permissions(verb: str = "") -> list[str]:
    """Each permission over a model of the administration whose codename starts with `verb`."""
    kinds = ContentType.objects.get_for_models(*admin.site._registry).values()
    found = Permission.objects.filter(content_type__in=kinds, codename__startswith=verb).select_related("content_type")
    return [f"{p.content_type.app_label}.{p.codename}" for p in found]


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern)
        else:
            yield pattern


def addresses() -> dict[str, str]:
    """Every named address of the administration, with a row that exists in each place of the path."""
    root = next(p for p in get_resolver().url_patterns if getattr(p, "namespace", "") == "admin")
    first = cache(lambda model: model.objects.order_by("pk").first().pk)
    found = {}
    for pattern in _patterns(root):
        if not pattern.name:
            continue
        model = next(
            (m for m in admin.site._registry if pattern.name.startswith(f"{m._meta.app_label}_{m._meta.model_name}_")),
            User,  # Django names its password page after auth, not users
        )
        if pattern.name == "app_list":
            for app in {m._meta.app_label for m in admin.site._registry}:
                found[f"app_list {app}"] = reverse("admin:app_list", args=[app])
        else:
            arguments = {place: first(model) for place in pattern.pattern.converters}
            found[pattern.name] = reverse(f"admin:{pattern.name}", kwargs=arguments)
    return found


def actions() -> list[tuple[type[Model], str]]:
    """Each action over the rows of a list."""
    return [
        (model, name)
        for model, shown in admin.site._registry.items()
        for name in [*(a if isinstance(a, str) else a.__name__ for a in shown.actions), "delete_selected"]
    ]


def chosen(model: type[Model], action: str) -> tuple[str, dict[str, Any]]:
    """Where an action on all rows of a list is posted, and the fields of a form made by hand."""
    rows = [str(pk) for pk in model._default_manager.values_list("pk", flat=True)]
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return address, {"action": action, ACTION_CHECKBOX_NAME: rows, "post": "yes", "reason": "x", "select_across": "1"}

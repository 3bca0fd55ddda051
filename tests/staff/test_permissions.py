"""Every address, action and menu entry of the administration, walked by every role.

All of it is read from the admin site's registry and the URL resolver: a new page is covered without a line here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from html import unescape
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.media.models import Subtitle
from apps.movies.models import Chapter, Credit, Material
from apps.orders.models import Order
from apps.users.models import AuditEntry, Membership, User
from tests.factories import make_episode, make_movie, make_user

pytestmark = pytest.mark.django_db

# Pages that any member of staff has, of Django and django-unfold; none shows or changes a row of a model.
OPEN = {
    "index", "login", "logout", "password_change", "password_change_done", "jsi18n", "search", "view_on_site",
    "autocomplete",  # judged by the model that it asks for
}  # fmt: skip
OWN = (LogEntry, AuditEntry)  # what the log says of the walk itself


def _staff(*permissions: str, **fields: Any) -> Client:
    user = make_user(is_staff=True, **fields)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client = Client()
    client.force_login(user)
    return client


def _permissions(verb: str = "") -> list[str]:
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
    found = {}
    for pattern in _patterns(root):
        if not pattern.name:
            continue
        model = next(
            (m for m in admin.site._registry if pattern.name.startswith(f"{m._meta.app_label}_{m._meta.model_name}_")),
            None,
        )
        arguments = {}
        for place in pattern.pattern.converters:
            row = (model or User).objects.order_by("pk").first()  # type: ignore[attr-defined]  # Django names its password page after auth, not users
            arguments[place] = row.pk
        if pattern.name == "app_list":
            for app in {m._meta.app_label for m in admin.site._registry}:
                found[f"app_list {app}"] = reverse("admin:app_list", args=[app])
        else:
            found[pattern.name] = reverse(f"admin:{pattern.name}", kwargs=arguments)
    return found


def _state() -> dict[str, list[tuple[Any, ...]]]:
    """Each row of each model the administration shows or holds in line."""
    models = [*admin.site._registry, Subtitle, Chapter, Credit, Material, Membership]
    state = {m._meta.label: list(m._default_manager.order_by("pk").values_list()) for m in models if m not in OWN}  # type: ignore[attr-defined]
    signed_in = [f.attname for f in User._meta.concrete_fields].index("last_login")
    state[User._meta.label] = [row[:signed_in] + row[signed_in + 1 :] for row in state[User._meta.label]]
    return state


def _menu(client: Client) -> list[str]:
    page = client.get(reverse("admin:index"))
    shown = [item for group in page.context["sidebar_navigation"] for item in group["items"] if item["has_permission"]]
    html = page.content.decode().split('id="main"')[-1]
    inside = re.findall(r'href="(/admin/[^"#]*)"', html)
    return sorted({*(str(item["link"]) for item in shown), *inside} - {"/admin/logout/"})


def _visitor(client: Client) -> Callable[[str], tuple[int, set[str]]]:
    """Opens an address, once: its status, and the links to the administration on it."""

    @cache
    def visit(address: str) -> tuple[int, set[str]]:
        answer = client.get(address)
        if answer.status_code != 200 or "html" not in answer["Content-Type"]:
            return answer.status_code, set()
        found = re.findall(r'(?:href|action|hx-get)="(/admin/[^"#]*)"', answer.content.decode())
        return answer.status_code, {unescape(link) for link in found} - {"/admin/logout/"}

    return visit


def _actions() -> list[tuple[type[Model], str]]:
    return [
        (model, name)
        for model, shown in admin.site._registry.items()
        for name in [*(a if isinstance(a, str) else a.__name__ for a in shown.actions), "delete_selected"]
    ]


def _choose(client: Client, model: type[Model], action: str) -> int:
    """Take an action on all rows of a list, as a form made by hand does it."""
    chosen = [str(pk) for pk in model._default_manager.values_list("pk", flat=True)]
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    fields = {"action": action, ACTION_CHECKBOX_NAME: chosen, "post": "yes", "reason": "x", "select_across": "1"}
    return client.post(address, fields).status_code


def test_the_walk_sees_something(rows):
    assert None not in rows, [m for m, row in zip(admin.site._registry, rows, strict=True) if row is None]
    assert len(addresses()) > 100
    assert {"publish_titles", "hide", "export", "lock"} <= {name for _model, name in _actions()}


def test_staff_without_a_permission_are_shown_nothing(rows):
    client = _staff()
    before = _state()
    assert _menu(client) == ["/admin/"] or set(_menu(client)) <= {"/admin/", "/admin/password_change/"}
    for name, address in addresses().items():
        if name in OPEN:
            continue
        for method in (client.get, client.post):
            assert method(address).status_code in {403, 404, 405}, (name, method)
    for model, action in _actions():
        assert _choose(client, model, action) == 403
    page = client.get("/admin/").context
    assert not page["cards"]
    assert not page["attention"]
    assert not page["newest"]
    assert _state() == before


def test_who_may_only_look_changes_nothing(rows):
    client = _staff(*_permissions("view_"))
    before = _state()
    for name, address in addresses().items():
        if name == "logout":
            continue
        for method in (client.get, client.post):
            status = method(address, {"title": "x", "reason": "x", "days": "3"}).status_code
            assert status in {200, 302, 400, 403, 404, 405}, (name, status)
    assert _state() == before
    for model, action in _actions():
        assert _choose(client, model, action) in {200, 302, 403}
        assert _state() == before, action
    for address in _menu(client):
        assert client.get(address).status_code == 200, address


def test_each_permission_by_itself_opens_what_the_menu_shows(rows):
    for permission in _permissions():
        client = _staff(permission)
        for address in _menu(client):
            assert client.get(address).status_code == 200, (permission, address)


ROLES = {
    "curator": ["movies.", "media."],
    "moderator": ["community."],
    "finance": ["orders.", "wallet."],
    "support": ["users."],
}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_changes_only_what_is_its_own(rows, role):
    mine = [p for p in _permissions() if p.startswith(tuple(ROLES[role]))]
    client = _staff(*mine)
    labels = [prefix.rstrip(".") for prefix in ROLES[role]]
    before = {k: v for k, v in _state().items() if k.split(".")[0] not in labels}
    for name, address in addresses().items():
        foreign = any(
            name.startswith(f"{m._meta.app_label}_{m._meta.model_name}_") and m._meta.app_label not in labels
            for m in admin.site._registry
        )
        for method in (client.get, client.post) if foreign else ():
            assert method(address).status_code in {403, 404, 405}, (name, method)
    for model, action in _actions():
        if model._meta.app_label not in labels:
            assert _choose(client, model, action) == 403, action
    for address in _menu(client):
        assert client.get(address).status_code == 200, address
    assert {k: v for k, v in _state().items() if k in before} == before


def test_a_superuser_opens_everything(rows):
    client = _staff(is_superuser=True)
    visit, menu, before = _visitor(client), _menu(client), _state()
    assert len(menu) > 20
    for address in menu:
        assert visit(address)[0] == 200, address
    for name, address in addresses().items():
        assert visit(address)[0] in {200, 302, 405} or name in OPEN | {"view_on_site"} or (
            name.endswith(("_add", "_delete"))
        ), name  # fmt: skip
    assert _state() == before  # a link changes nothing, whoever follows it


@pytest.mark.parametrize(
    ("permission", "action", "model"),
    [
        ("movies.change_movie", "publish_titles", "movies.Movie"),
        ("movies.delete_movie", "hide_titles", "movies.Movie"),
        ("community.change_comment", "hide", "community.Comment"),
        ("users.change_user", "lock", "users.User"),
    ],
)
def test_with_its_permission_an_action_acts(rows, permission, action, model):
    shown = next(m for m in admin.site._registry if m._meta.label == model)
    client = _staff(permission, f"{permission.split('.')[0]}.view_{shown._meta.model_name}")
    before = _state()[model]
    assert _choose(client, shown, action) == 302
    assert _state()[model] != before


def test_the_overview_asks_only_for_what_is_shown(rows):
    """Queries of the tables behind its figures, for staff of no right, of one and of all."""
    tables = ("orders_payment", "orders_refund", "movies_playday", "movies_episode", "media_video")

    def asked(client: Client) -> set[str]:
        client.get("/admin/")  # what is asked once for a session
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/")
        assert len(queries) < 30
        return {name for name in tables for query in queries if f"{name}" in query["sql"].replace('"', "")}

    assert asked(_staff()) == set()
    assert asked(_staff("media.view_video")) == {"media_video"}
    assert asked(_staff("orders.view_refund")) == {"orders_refund"}
    assert asked(_staff(is_superuser=True)) == set(tables)


def test_no_link_of_a_page_leads_who_may_only_look_to_a_refusal(rows):
    dead = []
    for permission in _permissions("view_"):
        visit, prefix, seen = _visitor(_staff(permission)), permission.replace(".view_", "_") + "_", set()
        pages = [a for name, a in addresses().items() if name.startswith(prefix) and not name.endswith("autocomplete")]
        for page in pages:
            for link in visit(page)[1] - seen:
                seen.add(link)
                if visit(link)[0] in {403, 404}:
                    dead.append((permission, page, link))
    assert dead == []


def test_the_file_of_orders_needs_the_payments_too(rows):
    address = reverse("admin:orders_order_export_all")
    assert _staff("orders.view_order").get(address).status_code == 403
    assert _staff("orders.view_order", "orders.view_payment").get(address).status_code == 200
    assert Order.objects.exists()


def test_staff_without_titles_watch_as_viewers_do(rows):
    draft = make_episode(movie=make_movie(status="draft", published_at=None))
    page = reverse("playback:watch", args=[draft.movie_id, 1])
    assert _staff("community.change_comment").get(page).status_code == 404
    assert _staff("movies.view_movie").get(page).status_code == 200

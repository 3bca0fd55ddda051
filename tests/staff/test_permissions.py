"""Every address, action and menu entry of the administration, walked by every role.

All of it is read from the admin site's registry and the URL resolver: a new page is covered without a line here.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.media.models import Subtitle
from apps.movies.models import Chapter, Credit, Material
from apps.orders.models import Order
from apps.users.models import AuditEntry, Membership, User
from tests.factories import make_episode, make_movie
from tests.staff.walk import actions, addresses, answer, ask, chosen, make_staff, page, permissions, signed_in

pytestmark = pytest.mark.django_db

# Pages that any member of staff has, of Django and django-unfold; none shows or changes a row of a model.
OPEN = {
    "index", "login", "logout", "password_change", "password_change_done", "jsi18n", "search", "view_on_site",
    "autocomplete",  # judged by the model that it asks for
}  # fmt: skip
OWN = (LogEntry, AuditEntry)  # what the log says of the walk itself


def _state() -> dict[str, list[tuple[Any, ...]]]:
    """Each row of each model the administration shows or holds in line."""
    models = [*admin.site._registry, Subtitle, Chapter, Credit, Material, Membership]
    state = {m._meta.label: list(m._default_manager.order_by("pk").values_list()) for m in models if m not in OWN}  # type: ignore[attr-defined]
    signed_in = [f.attname for f in User._meta.concrete_fields].index("last_login")
    state[User._meta.label] = [row[:signed_in] + row[signed_in + 1 :] for row in state[User._meta.label]]
    return state


def _menu(user: User) -> list[str]:
    index = answer(user, "get", reverse("admin:index"))
    groups = index.context_data["sidebar_navigation"]
    shown = [item["link"] for group in groups for item in group["items"] if item["has_permission"]]
    html = index.render().content.decode().split('id="main"')[-1]
    inside = re.findall(r'href="(/admin/[^"#]*)"', html)
    return sorted({*shown, *inside} - {"/admin/logout/"})


def _links(user: User, address: str) -> set[str]:
    """The links of a page to the administration."""
    found = re.findall(r'(?:href|action|hx-get)="(/admin/[^"#]*)"', page(user, address))
    return {unescape(link) for link in found} - {"/admin/logout/"}


def test_the_walk_sees_something(shared_rows):
    assert None not in shared_rows, [m for m, row in zip(admin.site._registry, shared_rows, strict=True) if row is None]
    assert len(addresses()) > 100
    assert {"publish_titles", "hide", "export", "lock"} <= {name for _model, name in actions()}


def test_staff_without_a_permission_are_shown_nothing(shared_rows):
    user = make_staff()
    client, before = signed_in(user), _state()
    assert set(_menu(user)) <= {"/admin/", "/admin/password_change/"}
    closed = {name: address for name, address in addresses().items() if name not in OPEN}
    for name, address in closed.items():
        for method in ("get", "post"):
            assert ask(user, method, address) in {403, 404, 405}, (name, method)
    for model, action in actions():
        assert ask(user, "post", *chosen(model, action)) == 403
    one_of_a_kind = {name.rsplit("_", 1)[-1]: address for name, address in closed.items()}
    assert one_of_a_kind.keys() >= {"changelist", "add", "change", "delete", "history"}
    for kind, address in one_of_a_kind.items():  # a refusal is a page: the same through all of the site
        for send in (client.get, client.post):
            assert send(address).status_code in {403, 404, 405}, (kind, send)
    shown = client.get("/admin/").context
    assert not shown["cards"]
    assert not shown["attention"]
    assert not shown["newest"]
    assert _state() == before


def test_view_only_staff_change_nothing(shared_rows):
    user = make_staff(*permissions("view_"))
    before = _state()
    for name, address in addresses().items():
        if name == "logout":
            continue
        for method in ("get", "post"):
            status = ask(user, method, address, {"title": "x", "reason": "x", "days": "3"})
            assert status in {200, 302, 400, 403, 404, 405}, (name, status)
    assert _state() == before
    for model, action in actions():
        assert ask(user, "post", *chosen(model, action)) in {200, 302, 403}
        assert _state() == before, action
    for address in _menu(user):
        assert ask(user, "get", address) == 200, address


def test_each_permission_by_itself_opens_what_the_menu_shows(shared_rows):
    for permission in permissions():
        user = make_staff(permission)
        for address in _menu(user):
            assert ask(user, "get", address) == 200, (permission, address)


ROLES = {
    "curator": ["movies.", "media."],
    "moderator": ["community."],
    "finance": ["orders.", "wallet."],
    "support": ["users."],
}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_changes_only_what_is_its_own(shared_rows, role):
    user = make_staff(*(p for p in permissions() if p.startswith(tuple(ROLES[role]))))
    labels = [prefix.rstrip(".") for prefix in ROLES[role]]
    before = {k: v for k, v in _state().items() if k.split(".")[0] not in labels}
    for name, address in addresses().items():
        foreign = any(
            name.startswith(f"{m._meta.app_label}_{m._meta.model_name}_") and m._meta.app_label not in labels
            for m in admin.site._registry
        )
        for method in ("get", "post") if foreign else ():
            assert ask(user, method, address) in {403, 404, 405}, (name, method)
    for model, action in actions():
        if model._meta.app_label not in labels:
            assert ask(user, "post", *chosen(model, action)) == 403, action
    for address in _menu(user):
        assert ask(user, "get", address) == 200, address
    assert {k: v for k, v in _state().items() if k in before} == before


def test_a_superuser_opens_everything(shared_rows):
    """Lists, forms and histories are shown whole in tests/movies/test_admin_language.py, the rest here."""
    user = make_staff(is_superuser=True)
    client, menu, before = signed_in(user), _menu(user), _state()
    assert len(menu) > 20
    for address in menu:
        assert ask(user, "get", address) == 200, address
    for name, address in addresses().items():
        whole = not name.endswith(("_changelist", "_add", "_change", "_history"))
        status = client.get(address).status_code if whole else ask(user, "get", address)
        assert status in {200, 302, 405} or name in OPEN | {"view_on_site"} or name.endswith(("_add", "_delete")), name
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
def test_with_its_permission_an_action_acts(shared_rows, permission, action, model):
    shown = next(m for m in admin.site._registry if m._meta.label == model)
    client = signed_in(make_staff(permission, f"{permission.split('.')[0]}.view_{shown._meta.model_name}"))
    before = _state()[model]
    assert client.post(*chosen(shown, action)).status_code == 302
    assert _state()[model] != before


def test_the_overview_asks_only_for_what_is_shown(shared_rows):
    """Queries of the tables behind its figures, for staff of no right, of one and of all."""
    tables = ("orders_payment", "orders_refund", "movies_playday", "movies_episode", "media_video")

    def asked(user: User) -> set[str]:
        client = signed_in(user)
        client.get("/admin/")  # what is asked once for a session
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/")
        assert len(queries) < 30
        return {name for name in tables for query in queries if f"{name}" in query["sql"].replace('"', "")}

    assert asked(make_staff()) == set()
    assert asked(make_staff("media.view_video")) == {"media_video"}
    assert asked(make_staff("orders.view_refund")) == {"orders_refund"}
    assert asked(make_staff(is_superuser=True)) == set(tables)


def test_no_link_leads_view_only_staff_to_a_refusal(shared_rows):
    dead, followed, every = [], 0, addresses()
    for permission in permissions("view_"):
        user, prefix, seen = make_staff(permission), permission.replace(".view_", "_") + "_", set()
        for name, address in every.items():
            if not name.startswith(prefix) or name.endswith("autocomplete"):
                continue
            for link in _links(user, address) - seen:
                seen.add(link)
                if ask(user, "get", link) in {403, 404}:
                    dead.append((permission, address, link))
        followed += len(seen)
    assert dead == []
    assert followed > 200


def test_the_file_of_orders_needs_the_payments_too(shared_rows):
    address = reverse("admin:orders_order_export_all")
    assert signed_in(make_staff("orders.view_order")).get(address).status_code == 403
    assert signed_in(make_staff("orders.view_order", "orders.view_payment")).get(address).status_code == 200
    assert Order.objects.exists()


def test_staff_without_titles_watch_as_viewers_do(shared_rows):
    draft = make_episode(movie=make_movie(status="draft", published_at=None))
    watch = reverse("playback:watch", args=[draft.movie_id, 1])
    assert signed_in(make_staff("community.change_comment")).get(watch).status_code == 404
    assert signed_in(make_staff("movies.view_movie")).get(watch).status_code == 200

"""Page numbers that no link has, on every list of the administration."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.urls import reverse

from tests.factories import make_user
from tests.staff import walk
from tests.staff.conftest import rows  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db

ODD = ["", "x", "0", "-1", "2", "9" * 30, "9" * 5000, "1.0", "NaN", "²", "١", "\0", "last"]


def lists(rows) -> list[tuple[str, dict[str, str], str]]:  # noqa: F811
    """Each list: its address, what else it needs to show rows, and its parameter for the page."""
    found = [
        (reverse("admin:search"), {"s": "a"}, "page"),
        (reverse("admin:search"), {"s": "a", "extended": "1"}, "page"),
    ]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found.append((reverse(f"{name}_changelist"), {}, "p"))
        if row := model._default_manager.first():
            found.append((reverse(f"{name}_history", args=[row.pk]), {}, "p"))
    return found


def test_an_odd_page_breaks_no_list(rows):  # noqa: F811
    boss, shown = make_user(is_staff=True, is_superuser=True), 0
    for n, (address, needed, name) in enumerate(lists(rows)):
        for page in ["99999", ODD[n % len(ODD)]]:
            shown += bool(walk.page(boss, f"{address}?{urlencode(needed | {name: page})}"))
    assert shown > 20


def test_the_first_page_of_a_search_is_found_and_a_later_one_is_not(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    address = reverse("admin:search")
    assert client.get(address, {"s": "a"}).status_code == 200
    assert client.get(address, {"s": "a", "page": "1"}).status_code == 200
    assert client.get(address, {"s": "a", "page": "2"}).status_code == 404

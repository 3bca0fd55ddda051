"""Every form that viewers see: whatever is typed into one of its fields, the answer is a page and nothing breaks."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse

from tests.factories import make_episode, make_paid_movie, make_plan, make_user
from tests.pageforms import forms_of

pytestmark = pytest.mark.django_db

AWKWARD = ["𠮷" * 600, "9" * 30, "NaN", "\x00", "[" * 300]


def _pages(signed_in: bool) -> list[str]:
    film = make_episode().movie
    sold = make_paid_movie()
    make_episode(movie=sold)
    make_plan()
    pages = [film.get_absolute_url(), sold.get_absolute_url(), reverse("search:results"), reverse("orders:vip")]
    if not signed_in:
        names = ["login", "register", "forgot", "resend"]
        return [*pages, *(reverse(f"users:{name}") for name in names), reverse("users:register") + "?by=phone"]
    names = ["profile", "devices", "second_factor", "own_data", "vip"]
    own = [
        reverse("orders:title", args=[sold.pk]),
        reverse("orders:wallet", args=[1]),
        reverse("orders:list", args=[1]),
    ]
    return [*pages, *own, *(reverse(f"users:{name}") for name in names)]


@pytest.mark.parametrize("signed_in", [False, True], ids=["stranger", "viewer"])
def test_no_form_of_the_site_breaks_on_what_is_typed(signed_in, settings):
    settings.STAFF_SECOND_FACTOR = False
    viewer, tried = make_user(email="viewer@example.com"), set()
    for address in _pages(signed_in):
        client = Client()
        if signed_in:
            client.force_login(viewer)
        page = client.get(address)
        assert page.status_code == 200, address
        for form in forms_of(page.content.decode()):
            goal = form.action or address
            if "logout" in goal or "setlang" in goal or not goal.startswith("/"):
                continue
            send = client.post if form.method == "post" else client.get
            for name in sorted(form.typed):
                for value in AWKWARD:
                    cache.clear()  # throttles aren't what is looked at
                    mark = transaction.savepoint()
                    status = send(goal, form.sent(**{name: value})).status_code
                    assert status < 500, (address, goal, name, value[:20])
                    transaction.savepoint_rollback(mark)
                tried.add(f"{goal} {name}")
    assert len(tried) >= (8 if signed_in else 6), tried

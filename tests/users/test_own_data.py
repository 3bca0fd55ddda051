"""Exporting one's data, and deleting the account."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from apps.community.models import Comment
from apps.orders.models import Order, Plan
from apps.playback.models import Progress
from apps.users.models import Device, Identity, User
from tests.factories import make_episode, make_member, make_movie, make_user
from tests.users.conftest import PASSWORD

pytestmark = pytest.mark.django_db
DATA = "/user/mydata/"
# Reached by the export, by the word it has there; the rest is no fact about a person.
EXPORTED = {
    "users.Membership": "memberships",
    "users.Device": "devices",
    "users.Identity": "identities",
    "users.OutgoingMail": "emails",
    "users.KnownBrowser": "known_browsers",
    "playback.Progress": "history",
    "playback.Stream": "players",
    "community.Comment": "comments",
    "orders.Order": "orders",
    "orders.Purchase": "purchases",
    "wallet.Wallet": "wallet",
    "search.RecentSearch": "searches",
}
SECRETS = {"users.SecondFactor", "users.RecoveryCode"}
WORK_OF_STAFF = {"users.AuditEntry", "admin.LogEntry", "media.Upload", "orders.Refund"}


def _everything(user: User) -> Order:
    episode = make_episode(movie=make_movie(title="看过的片"))
    Progress.objects.create(user=user, episode=episode, position=5, duration=20, updated_at=timezone.now())
    Comment.objects.create(movie=episode.movie, user=user, text="好看 <3")
    Identity.objects.create(user=user, provider="oidc", subject="abc", created_at=timezone.now())
    plan = Plan.objects.first() or Plan.objects.create(name="月", days=31, price=25)
    now = timezone.now()
    return Order.objects.create(
        number="20261121000001",
        user=user,
        kind="plan",
        state="closed",
        plan=plan,
        subject="月卡",
        days=31,
        list_price=25,
        discount=0,
        amount=25,
        created_at=now,
        expires_at=now,
        closed_at=now,
    )


def _sign_in(user: User) -> Client:
    browser = Client()
    browser.post("/user/login/", {"username": user.username, "password": PASSWORD})
    return browser


def test_every_table_about_people_is_exported():
    about = {
        model._meta.label for model in apps.get_models() for field in model._meta.fields if field.related_model is User
    }
    assert about == EXPORTED.keys() | SECRETS | WORK_OF_STAFF


def test_the_export_holds_what_the_site_knows():
    user = make_member()
    user.email, user.nickname = "lin@example.com", "小林"
    user.save()
    _everything(user)
    other = make_user(nickname="somebody else")
    Comment.objects.create(movie=make_movie(), user=other, text="not mine")
    answer = _sign_in(user).post(f"{DATA}export/")
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    text = answer.content.decode()
    data = json.loads(text)
    assert data["account"]["email"] == "lin@example.com"
    assert set(EXPORTED.values()) <= data.keys()
    assert data["history"][0]["title"] == "看过的片"
    assert data["comments"][0]["text"] == "好看 <3"
    assert data["orders"][0]["amount"] == "25.00"
    for hidden in ("not mine", user.password, "secret", "digest"):
        assert hidden not in text


def test_leaving_erases_the_person_and_keeps_the_orders():
    user = make_member()
    user.email, user.phone, user.nickname = "lin@example.com", "+8613800138000", "小林"
    user.save()
    name = user.username
    order = _everything(user)
    here, elsewhere = _sign_in(user), _sign_in(user)
    assert here.post(DATA, {"current": PASSWORD})["Location"] == "/"
    gone = User.objects.get(pk=user.pk)
    assert (gone.email, gone.phone, gone.nickname, gone.is_active) == (None, None, "", False)
    assert name not in gone.username
    assert not gone.has_usable_password()
    assert not Progress.objects.exists()
    assert not Identity.objects.exists()
    assert not Device.objects.exists()
    assert Order.objects.get() == order
    comment = Comment.objects.get()
    page = Client().get(f"/single/{comment.movie_id}/1/").content.decode()
    assert "好看" in page
    assert "小林" not in page
    assert name not in page
    for browser in (here, elsewhere):
        assert browser.get("/user/userown/").status_code == 302
    assert not _sign_in(user).session.get("_auth_user_id")
    fresh = make_user(username=name, email="lin@example.com", phone="+8613800138000")  # all names are free again
    assert fresh.pk != user.pk


@pytest.mark.parametrize("current", ["", "wrong"])
def test_leaving_takes_the_password(current):
    user = make_user(username="lin")
    browser = _sign_in(user)
    answer = browser.post(DATA, {"current": current})
    assert answer.status_code == 400
    assert answer.context["msg"]
    assert User.objects.get().is_active
    assert browser.get(DATA).status_code == 200


def test_a_get_deletes_and_exports_nothing():
    browser = _sign_in(make_user(username="lin"))
    assert browser.get(DATA, {"current": PASSWORD}).status_code == 200
    assert browser.get(f"{DATA}export/").status_code == 405
    assert User.objects.get().is_active


def test_the_last_administrator_stays():
    boss = make_user(username="boss", is_staff=True, is_superuser=True)
    make_user(username="locked", is_superuser=True, locked_at=timezone.now())
    answer = _sign_in(boss).post(DATA, {"current": PASSWORD})
    assert answer.status_code == 400
    assert answer.context["msg"]
    boss.refresh_from_db()
    assert boss.is_superuser
    make_user(username="second", is_staff=True, is_superuser=True)
    assert _sign_in(boss).post(DATA, {"current": PASSWORD}).status_code == 302

"""What administrators do with accounts, and what is written down about it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.users import services
from apps.users.models import AuditEntry, User
from tests.factories import make_member, make_user
from tests.users.conftest import PASSWORD

pytestmark = pytest.mark.django_db
LIST = "/admin/users/user/"


def _sign_in(user: User) -> Client:
    browser = Client()
    browser.post("/user/login/", {"username": user.username, "password": PASSWORD})
    return browser


def _lock(browser: Client, *users: User, reason: str | None = "盗号", action: str = "lock"):
    data: dict[str, object] = {"action": action, "_selected_action": [user.pk for user in users], "index": 0}
    return browser.post(LIST, data if reason is None else {**data, "reason": reason})


@pytest.fixture
def boss() -> User:
    return make_user(username="boss", is_staff=True, is_superuser=True)


def test_locked_accounts_are_out_at_once_on_every_device_and_told_why(boss):
    lin, chen = make_user(username="lin"), make_user(username="chen")
    phone, laptop, other = _sign_in(lin), _sign_in(lin), _sign_in(chen)
    assert _lock(_sign_in(boss), lin).status_code == 302
    shown_out = phone.get("/user/userown/", follow=True)
    assert "盗号" in shown_out.context["msg"]
    assert laptop.post("/user/userown/", {"form": "profile", "nickname": "x", "language": "en"}).status_code == 302
    assert User.objects.get(username="lin").nickname == ""
    assert laptop.get("/user/userown/").status_code == 302
    assert other.get("/user/userown/").status_code == 200
    refused = Client().post("/user/login/", {"username": "lin", "password": PASSWORD})
    assert "盗号" in refused.context["msg"]
    wrong = Client().post("/user/login/", {"username": "lin", "password": "wrong"})
    assert "盗号" not in wrong.context["msg"]  # the reason is for the owner


def test_unlocking_lets_the_account_in_again(boss):
    lin = make_user(username="lin")
    browser = _sign_in(boss)
    _lock(browser, lin)
    _lock(browser, lin, action="unlock", reason=None)
    lin.refresh_from_db()
    assert (lin.locked_at, lin.locked_reason) == (None, "")
    assert _sign_in(lin).get("/user/userown/").status_code == 200


def test_many_are_locked_together_each_once(boss):
    users = [make_user() for _ in range(5)]
    browser = _sign_in(boss)
    _lock(browser, *users[:2], reason="first")
    _lock(browser, *users, reason="second")
    assert list(User.objects.exclude(locked_at=None).order_by("pk").values_list("locked_reason", flat=True)) == [
        "first",
        "first",
        "second",
        "second",
        "second",
    ]


@pytest.mark.parametrize("reason", [None, "", "x" * 201])
def test_without_a_reason_nobody_is_locked(boss, reason):
    lin = make_user(username="lin")
    page = _lock(_sign_in(boss), lin, reason=reason)
    assert page.status_code == 200
    assert 'name="reason"' in page.content.decode()
    lin.refresh_from_db()
    assert not lin.is_locked


def test_nobody_locks_themselves(boss):
    _lock(_sign_in(boss), boss)
    boss.refresh_from_db()
    assert not boss.is_locked


def test_only_superusers_touch_staff(boss):
    from django.contrib.auth.models import Permission

    helper = make_user(username="helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(content_type__app_label="users"))
    lin, colleague = make_user(username="lin"), make_user(username="colleague", is_staff=True)
    browser = _sign_in(helper)
    _lock(browser, lin, boss, colleague)
    assert set(User.objects.exclude(locked_at=None)) == {lin}
    page = browser.get(f"{LIST}{lin.pk}/change/")
    assert 'name="is_superuser"' not in page.content.decode()
    form = {"username": "lin", "is_superuser": "on", "is_staff": "on", "nickname": "n"}
    browser.post(f"{LIST}{lin.pk}/change/", form)
    browser.post(f"{LIST}{helper.pk}/change/", form)
    assert not User.objects.filter(is_superuser=True).exclude(pk=boss.pk).exists()
    assert browser.post(f"{LIST}{boss.pk}/password/", {"password1": "x" * 12, "password2": "x" * 12}).status_code == 403
    assert browser.post(f"{LIST}{lin.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_member_sees_nothing_of_the_administration():
    browser = _sign_in(make_user())
    for path in ("/admin/", LIST, "/admin/users/auditentry/"):
        assert browser.get(path).status_code == 403
        assert browser.post(path).status_code == 403
    assert not AuditEntry.objects.exists()


def test_the_list_searches_filters_and_sums_up(boss):
    now = timezone.now()
    make_user(username="lin", nickname="小林", email="lin@example.com", phone="+8613800138000")
    make_user(username="old", date_joined=now - timedelta(days=40))
    make_user(username="bad", locked_at=now)
    make_member()
    browser = _sign_in(boss)
    page = browser.get(LIST)
    figures = {str(card["title"]): card["figure"] for card in page.context["cards"]}
    assert list(figures.values()) == [5, 4, 1, 1, 1]
    chart = json.loads(page.context["chart"])
    assert len(chart["labels"]) == 30
    assert chart["datasets"][0]["data"][-1] == 4
    assert sum(chart["datasets"][0]["data"]) == 4
    for words in ("小林", "lin@example.com", "13800138000"):
        found = browser.get(LIST, {"q": words})
        assert [user.username for user in found.context["cl"].queryset] == ["lin"]
    locked = browser.get(LIST, {"locked_at__isempty": "0"})
    assert [user.username for user in locked.context["cl"].queryset] == ["bad"]


def test_a_lost_phone_is_helped(boss):
    lin = make_user(username="lin")
    factor = services.second_factor.begin(user=lin)
    factor.confirmed_at = timezone.now()
    factor.save()
    _lock(_sign_in(boss), lin, action="remove_second_factor", reason=None)
    assert not services.second_factor.is_on(user=lin)


def test_the_audit_log_says_who_did_what_and_cannot_be_changed(boss):
    lin = make_user(username="lin")
    browser = _sign_in(boss)
    browser.get(LIST)
    assert not AuditEntry.objects.exists()  # looking is no change
    _lock(browser, lin)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.actor_name, entry.path, entry.action) == (
        boss,
        "boss",
        LIST,
        "users_user_changelist: lock",
    )
    assert "盗号" in entry.details
    assert entry.address == "127.0.0.1"
    address = f"/admin/users/auditentry/{entry.pk}/"
    assert browser.get(f"{address}change/").status_code == 200
    for path in (f"{address}change/", f"{address}delete/", "/admin/users/auditentry/add/"):
        assert browser.post(path, {"actor_name": "nobody", "post": "yes"}).status_code == 403
    assert AuditEntry.objects.get(pk=entry.pk).actor_name == "boss"
    assert AuditEntry.objects.filter(status=403).count() == 3  # the tries are written down too


def test_the_audit_log_holds_no_password(boss):
    lin = make_user(username="lin")
    secret = "a secret staple battery"
    browser = _sign_in(boss)
    browser.post(f"{LIST}{lin.pk}/password/", {"password1": secret, "password2": secret, "usable_password": "true"})
    lin.refresh_from_db()
    assert lin.check_password(secret)
    assert AuditEntry.objects.count() == 1
    assert secret not in str(AuditEntry.objects.values_list())

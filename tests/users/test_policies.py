"""Cookies, policies and what nobody is told."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys

import pytest
from django.test import Client

from apps.community.models import Comment
from tests.conftest import ROOT
from tests.factories import make_episode, make_user
from tests.users.conftest import PASSWORD
from utils.mediakit.sandbox import landlock

PRODUCTION = {
    "ENVIRONMENT": "production",
    "DEBUG": "0",
    "SITE_URL": "https://streamsite.example",
    "ALLOWED_HOSTS": "streamsite.example",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
    "OUTBOX": "0",
}


def _manage(*arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k not in {"DJANGO_SETTINGS_MODULE", "PYTHONWARNINGS"}}
    env |= {**PRODUCTION, "SECRET_KEY": secrets.token_urlsafe(48), **changed}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )


@pytest.mark.slow
def test_production_settings_pass_the_deployment_check():
    done = _manage("check", "--deploy", "--fail-level", "INFO")
    if landlock.version() >= landlock.COMPLETE:
        assert done.returncode == 0, done.stderr
        assert "no issues" in done.stdout
    else:  # the machine's fault, not the settings'
        assert re.findall(r"\((\w+\.\w+)\)", done.stderr) == ["media.I001"], done.stderr


@pytest.mark.slow
def test_cookies_in_production_go_over_https_only():
    names = ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE"]
    code = f"from django.conf import settings as s; print(*(getattr(s, name) for name in {names}))"
    done = _manage("shell", "-v", "0", "-c", code)
    assert done.stdout.split() == ["True", "True", "True", "Lax"]


@pytest.mark.django_db
def test_no_script_reads_a_cookie_of_ours(client):
    make_user(username="lin")
    answer = client.post("/user/login/", {"username": "lin", "password": PASSWORD, "checked": "on"})
    for name in ("sessionid", "known", "username"):
        cookie = answer.cookies[name]
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name
        assert PASSWORD not in cookie.value


PAGES = ["/user/login/", "/user/register/", "/user/userown/", "/user/devices/", "/user/secondfactor/", "/user/mydata/"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_the_policy_allows_no_inline_script(client, path):
    client.force_login(make_user()) if path not in PAGES[:2] else None
    page = client.get(path)
    policy = dict(part.strip().partition(" ")[::2] for part in page["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert policy["base-uri"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert page["X-Frame-Options"] == "DENY"
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["Referrer-Policy"] == "same-origin"  # links with tokens go to nobody else
    assert " onclick=" not in page.content.decode()


@pytest.mark.django_db
def test_no_page_says_who_is_staff():
    """An administrator looks like any other member to viewers."""
    episode = make_episode()
    seen = []
    for number, rights in enumerate([{}, {"is_staff": True, "is_superuser": True}]):
        user = make_user(username=f"somebody{number}", nickname="同名", **rights)
        comment = Comment.objects.create(movie=episode.movie, user=user, text="好看")
        viewer = Client()
        viewer.force_login(make_user())
        pages = [viewer.get(f"/single/{episode.movie_id}/1/"), Client().get(f"/single/{episode.movie_id}/1/")]
        seen.append([_comment_of(page.content.decode()) for page in pages])
        comment.delete()
    assert seen[0] == seen[1]


def _comment_of(page: str) -> str:
    found = re.search(r"(?s)<[^>]*>\s*(?:<[^>]*>\s*)*同名.*?好看", page)
    assert found
    return re.sub(r"\d+", "", found.group())


@pytest.mark.django_db
def test_signing_in_answers_staff_as_everybody():
    make_user(username="boss", is_staff=True, is_superuser=True)
    make_user(username="lin")
    answers = [Client().post("/user/login/", {"username": name, "password": "wrong"}) for name in ("boss", "lin")]
    assert answers[0].context["msg"] == answers[1].context["msg"]
    assert answers[0].status_code == answers[1].status_code
    assert Client().get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert Client().get("/admin/login/?next=/admin/")["Location"] == "/user/login/?next=/admin/"

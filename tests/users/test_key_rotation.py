"""The site's key is replaced: what it signed, hashed and encrypted lives on while the old key is a fallback."""

from __future__ import annotations

import io
import subprocess
from importlib import import_module

import pyotp
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.db.migrations.state import ProjectState
from django.test import Client
from django.utils import timezone

from apps.users import services, tokens
from apps.users.models import Device, PhoneCode, SecondFactor
from apps.users.tokens import Purpose
from apps.users.views.request_context import client_of
from tests.factories import make_user
from tests.users.conftest import PASSWORD
from utils.signing import Verdict, sign, verify

pytestmark = pytest.mark.django_db
NEW = "a new key that nobody has seen before 0123456789 abcdefgh"


@pytest.fixture
def rotate(settings):
    def replace(*, keep: bool) -> None:
        old = settings.SECRET_KEY
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [old] if keep else []

    return replace


@pytest.mark.parametrize("keep", [True, False])
def test_a_session_and_a_remembered_browser(rotate, keep):
    make_user(username="lin")
    browser = Client()
    browser.post("/user/login/", {"username": "lin", "password": PASSWORD})
    rotate(keep=keep)
    assert (browser.get("/user/userown/").status_code == 200) is keep
    assert (browser.get("/user/userown/").status_code == 200) is keep  # moved under the new key: stays so
    request = browser.get("/user/login/").wsgi_request
    assert bool(client_of(request).devices) is keep


def test_two_requests_at_once_and_the_list_of_devices(rotate):
    user = make_user(username="lin")
    browser, twin = Client(), Client()
    browser.post("/user/login/", {"username": "lin", "password": PASSWORD})
    twin.cookies["sessionid"] = browser.cookies["sessionid"].value  # the second request of one page
    rotate(keep=True)
    for client in (browser, twin, browser):
        assert client.get("/user/userown/").status_code == 200
    assert browser.cookies["sessionid"].value == twin.cookies["sessionid"].value
    assert services.devices.sign_out(user=user, device_id=Device.objects.get(user=user).pk)
    assert browser.get("/user/userown/").status_code == 302  # the list still ends the session it names


def test_a_session_under_an_old_key_ends_with_the_password(rotate):
    user = make_user(username="lin")
    browser = Client()
    browser.post("/user/login/", {"username": "lin", "password": PASSWORD})
    rotate(keep=True)
    user.set_password("an entirely different one 9")
    user.save()
    assert browser.get("/user/userown/").status_code == 302


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_link_in_a_mail(rotate, purpose, keep):
    user, at = make_user(), timezone.now()
    token = tokens.make(purpose, user, at=at, extra="x")
    rotate(keep=keep)
    if keep:
        assert tokens.check(purpose, token, user, at=at) == "x"
    else:
        with pytest.raises(tokens.TokenRefused):
            tokens.check(purpose, token, user, at=at)


@pytest.mark.parametrize("keep", [True, False])
def test_a_recovery_code_works_once(rotate, keep):
    user, at = make_user(), timezone.now()
    factor = services.second_factor.begin(user=user)
    code, *_others = services.second_factor.confirm(user=user, code=pyotp.TOTP(factor.secret).at(at), at=at)
    rotate(keep=keep)
    if keep:
        services.second_factor.verify(user=user, code=code, at=at)
    with pytest.raises(services.second_factor.WrongCode):
        services.second_factor.verify(user=user, code=code, at=at)


@pytest.mark.parametrize("keep", [True, False])
def test_an_authenticator_app_and_its_second_step(rotate, keep):
    user, at = make_user(username="lin"), timezone.now()
    secret = services.second_factor.begin(user=user).secret
    services.second_factor.confirm(user=user, code=pyotp.TOTP(secret).at(at), at=at)
    SecondFactor.objects.update(last_step=0)
    browser = Client()
    browser.post("/user/login/", {"username": "lin", "password": PASSWORD})
    rotate(keep=keep)
    browser.post("/user/login/code/", {"code": pyotp.TOTP(secret).at(timezone.now())})
    assert (browser.get("/user/userown/").status_code == 200) is keep
    if not keep:  # no secret is no secret that anybody knows
        with pytest.raises(services.second_factor.WrongCode):
            services.second_factor.verify(user=user, code=pyotp.TOTP(secret).at(timezone.now()), at=timezone.now())


@pytest.mark.parametrize("keep", [True, False])
def test_a_code_by_text_message(kept, rotate, keep):
    user, at = make_user(phone="+8613800138000"), timezone.now()
    row = services.codes.issue(purpose=PhoneCode.Purpose.RESET, phone=user.phone, subject=None, language="", at=at)
    services.codes.send(code_id=row.pk, language="", known=[], at=at)
    rotate(keep=keep)
    if keep:
        assert services.codes.redeem(code_id=row.pk, code=kept.code(), at=at).pk == row.pk
    else:
        with pytest.raises(services.codes.CodeRefused):
            services.codes.redeem(code_id=row.pk, code=kept.code(), at=at)


def test_a_playing_film(rotate, settings):
    address = sign("/v/a.mp4", expires_at=2000)
    st, ts = address.partition("?st=")[2].split("&ts=")
    rotate(keep=True)
    assert verify("/v/a.mp4", st, ts, now=1999) is Verdict.VALID
    assert verify("/v/b.mp4", st, ts, now=1999) is Verdict.FORGED
    assert sign("/v/a.mp4", expires_at=2000) != address
    settings.SECRET_KEY_FALLBACKS = []
    assert verify("/v/a.mp4", st, ts, now=1999) is Verdict.FORGED


def test_the_media_secret_alone(settings):
    settings.MEDIA_SECRET = "one"
    st, ts = sign("/v/a.mp4", expires_at=2000).partition("?st=")[2].split("&ts=")
    settings.MEDIA_SECRET, settings.MEDIA_SECRET_FALLBACKS = "two", ["one"]
    assert verify("/v/a.mp4", st, ts, now=0) is Verdict.VALID
    out = io.StringIO()
    call_command("nginx_config", node=["127.0.0.1:1"], stdout=out)
    name, _stop, made = st.partition(".")
    assert f'"~^{name}\\." "one";' in out.getvalue()
    assert 'default "two";' in out.getvalue()
    # what nginx's secure_link compares, made by another implementation
    digest = subprocess.run(
        ["openssl", "md5", "-binary"], input=b"/v/a.mp4one2000", capture_output=True, check=True
    ).stdout
    text = subprocess.run(["openssl", "base64"], input=digest, capture_output=True, check=True).stdout.decode()
    assert made == text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    settings.MEDIA_SECRET_FALLBACKS = []
    assert verify("/v/a.mp4", st, ts, now=0) is Verdict.FORGED


def _stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM users_secondfactor")
        return str(cursor.fetchone()[0])


def test_secrets_are_unreadable_in_the_database_and_written_anew(rotate, settings):
    secret = services.second_factor.begin(user=make_user()).secret
    before = _stored()
    assert secret not in before
    rotate(keep=True)
    call_command("rotate_keys", stdout=io.StringIO())
    assert _stored() != before
    settings.SECRET_KEY_FALLBACKS = []
    assert SecondFactor.objects.get().secret == secret
    settings.SECRET_KEY = "another " * 10
    with pytest.raises(CommandError):
        call_command("rotate_keys", stdout=io.StringIO())


@pytest.mark.django_db(transaction=True)
def test_rows_from_before_are_encrypted():
    """The migration's own functions, over a table of plain text."""
    SecondFactor.objects.create(user=make_user(), secret="x")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE users_secondfactor SET secret = 'JBSWY3DPEHPK3PXP'")
    migration = import_module("apps.users.migrations.0003_encrypt_secrets")
    state = ProjectState.from_apps(apps)
    state.alter_field("users", "secondfactor", "secret", models.TextField(), preserve_default=False)
    migration.change_all(migration.encrypt_once)(state.apps, None)
    once = _stored()
    migration.change_all(migration.encrypt_once)(state.apps, None)  # it died half-way and runs again
    assert _stored() == once
    assert _stored() != "JBSWY3DPEHPK3PXP"
    assert SecondFactor.objects.get().secret == "JBSWY3DPEHPK3PXP"

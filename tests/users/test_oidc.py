"""Signing in elsewhere, against a real OpenID Connect server on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import oidc_provider_mock
import pytest
import requests
from django.core import signing
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from apps.users.models import Identity, User
from apps.users.providers import providers
from tests.factories import make_user
from tests.users.conftest import PASSWORD
from tests.users.test_second_factor import _turn_on

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
BEGIN = "/user/login/with/oidc/"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread(require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(autouse=True)
def _configured(settings, issuer) -> Iterator[None]:
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = issuer, "streamsite", "a secret"
    settings.OIDC_NAME = "公司账号"
    settings.SIGN_IN_PROVIDERS = ["apps.users.providers.OpenIDConnect"]
    providers.cache_clear()
    yield
    providers.cache_clear()


@pytest.fixture
def person(issuer) -> Callable[..., str]:
    """Makes somebody known to the provider; returns the subject."""

    def make(subject: str = "s-1", **claims: object) -> str:
        requests.put(f"{issuer}/users/{subject}", json=claims, timeout=5).raise_for_status()
        return subject

    return make


def _consent(client: Client, subject: str, begin: str = BEGIN) -> str:
    """Sign in at the provider; returns the address it sends the browser back to."""
    out = client.get(begin)
    assert out.status_code == 302, out
    back = requests.post(out["Location"], data={"sub": subject}, allow_redirects=False, timeout=5)
    assert back.status_code == 302
    return back.headers["Location"].removeprefix("http://testserver")


def _connect_link(client: Client) -> str:
    page = client.get("/user/mydata/").content.decode()
    return re.search(rf'href="({BEGIN}\?proof=[^"]+)"', page).group(1)


def _signed_in(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def test_somebody_new_gets_an_account(client, person):
    page = client.get("/user/login/?next=/user/userown/").content.decode()
    assert "公司账号" in page
    subject = person(email="Lin@Example.com", email_verified=True, preferred_username="Lin Wei")
    answer = client.get(_consent(client, subject, f"{BEGIN}?next=/user/userown/"))
    assert answer["Location"] == "/user/userown/"
    user = User.objects.get()
    assert (user.username, user.email, user.nickname, user.is_staff) == ("linwei", "lin@example.com", "Lin Wei", False)
    assert user.email_verified_at
    assert not user.has_usable_password()
    assert _signed_in(client) == str(user.pk)


def test_the_same_person_comes_back_to_the_same_account(client, person):
    subject = person("s-2", preferred_username="lin")
    client.get(_consent(client, subject))
    person("s-2", preferred_username="renamed")
    other = Client()
    other.get(_consent(other, subject))
    assert _signed_in(other) == _signed_in(client)
    assert User.objects.count() == 1


def test_the_request_proves_itself(client, issuer):
    query = parse_qs(urlsplit(client.get(BEGIN)["Location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [f"http://testserver{BEGIN}back/"]
    assert len(query["state"][0]) >= 32
    assert len(query["nonce"][0]) >= 32
    assert "a secret" not in str(query)


def test_an_address_alone_opens_no_account(client, person):
    make_user(username="chen", email="chen@example.com")
    subject = person("s-3", email="chen@example.com", email_verified=True)
    assert client.get(_consent(client, subject))["Location"] == "/user/login/"
    assert client.get("/user/login/").context["msg"]
    assert _signed_in(client) is None
    assert not Identity.objects.exists()


def test_an_address_nobody_proved_is_not_taken_over(client, person):
    subject = person("s-4", email="boss@example.com", email_verified=False, preferred_username="lin")
    client.get(_consent(client, subject))
    assert User.objects.get().email is None


def test_an_account_is_connected_and_disconnected(client, person):
    user = make_user(username="chen")
    client.post("/user/login/", {"username": "chen", "password": PASSWORD})
    subject = person("s-5", preferred_username="lin")
    assert client.get(_consent(client, subject, _connect_link(client)))["Location"] == "/user/mydata/"
    other = Client()
    other.get(_consent(other, subject))
    assert _signed_in(other) == str(user.pk)
    client.post("/user/mydata/disconnect/oidc/")
    assert not Identity.objects.exists()
    assert User.objects.count() == 1


def test_the_only_way_in_stays(client, person):
    client.get(_consent(client, person("s-6", preferred_username="lin")))
    client.post("/user/mydata/disconnect/oidc/")
    assert Identity.objects.count() == 1


def test_another_site_connects_nothing(client, person):
    """A link without our page's proof has no effect, nor does one from before another account signed in."""
    make_user(username="chen")
    attackers = _consent(client, person("s-7", preferred_username="evil"))  # begun by nobody
    client.post("/user/login/", {"username": "chen", "password": PASSWORD})
    assert client.get(attackers)["Location"] == "/user/mydata/"
    for forged in (BEGIN, f"{BEGIN}?proof=x", f"{BEGIN}?proof={signing.dumps(999, salt='users.connect')}"):
        assert client.get(forged)["Location"] == "/user/mydata/"
    assert not Identity.objects.exists()


def test_a_person_connected_here_connects_nowhere_else(client, person):
    subject = person("s-8", preferred_username="lin")
    client.get(_consent(client, subject))
    make_user(username="chen")
    other = Client()
    other.post("/user/login/", {"username": "chen", "password": PASSWORD})
    other.get(_consent(other, subject, _connect_link(other)))
    assert Identity.objects.get().user.username == "lin"


@pytest.mark.parametrize("state", ["locked", "deleted"])
def test_a_locked_account_stays_out(client, person, state):
    subject = person("s-9", preferred_username="lin")
    client.get(_consent(client, subject))
    client.post("/user/logout/")
    if state == "locked":
        User.objects.update(locked_at=timezone.now(), locked_reason="盗号")
    else:
        User.objects.update(is_active=False)
    assert client.get(_consent(client, subject))["Location"] == "/user/login/"
    assert _signed_in(client) is None
    if state == "locked":
        assert "盗号" in client.get("/user/login/").context["msg"]


def test_the_second_factor_is_asked_for_here_too(client, person):
    subject = person("s-10", preferred_username="lin")
    client.get(_consent(client, subject))
    client.post("/user/logout/")
    _turn_on(User.objects.get())
    assert client.get(_consent(client, subject))["Location"] == "/user/login/code/"
    assert _signed_in(client) is None


def _change_kept(client: Client, **changed: str) -> None:
    kept = signing.loads(client.cookies["away"].value, salt="users.away.oidc")
    client.cookies["away"] = signing.dumps({**kept, **changed}, salt="users.away.oidc")


@pytest.mark.parametrize(
    "attack", ["state", "nonce", "no cookie", "code", "denied", "replayed", "audience", "keys", "issuer"]
)
def test_an_answer_that_is_not_ours_signs_nobody_in(client, person, issuer, settings, attack):
    subject = person(f"evil-{attack.replace(' ', '-')}", preferred_username="evil")
    back = _consent(client, subject)
    if attack == "state":
        back = re.sub(r"state=\w+", "state=other", back)
    elif attack == "nonce":
        _change_kept(client, nonce="another")
    elif attack == "no cookie":
        del client.cookies["away"]
    elif attack == "code":
        back = re.sub(r"code=[\w-]+", "code=guessed", back)
    elif attack == "denied":
        back = f"{BEGIN}back/?error=access_denied&state=x"
    elif attack == "replayed":
        Client().get(back)  # without the cookie: refused, the code unused
        other = Client()
        other.cookies["away"] = client.cookies["away"].value
        other.get(back)
        User.objects.all().delete()
    elif attack == "audience":
        settings.OIDC_CLIENT_ID = "somebody-else"
    elif attack == "keys":
        with oidc_provider_mock.run_server_in_thread() as another:
            foreign = requests.get(f"http://localhost:{another.server_port}/jwks", timeout=5).json()
        cache.set(f"oidc:{issuer}/jwks", foreign, 60)
    else:
        cache.set(f"oidc:{issuer}/.well-known/openid-configuration", {"issuer": "https://evil.example"}, 60)
    answer = client.get(back)
    assert answer["Location"] == "/user/login/"
    assert client.get("/user/login/").context["msg"]
    assert _signed_in(client) is None
    assert not User.objects.exists()


def test_a_provider_that_is_down_is_said(client, settings):
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    assert client.get(BEGIN)["Location"] == "/user/login/"
    assert client.get("/user/login/").context["msg"]


def test_an_unknown_provider_is_no_page(client):
    assert client.get("/user/login/with/wechat/").status_code == 404
    assert client.get("/user/login/with/wechat/back/").status_code == 404

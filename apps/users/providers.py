"""External sign-in providers: the extension point, and OpenID Connect.

A provider is a class with `key`, `label` and the two methods of `Provider`; SIGN_IN_PROVIDERS lists them by name.
docs/accounts.md shows how to write one for WeChat or QQ.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol
from urllib.parse import urljoin

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from django.conf import settings
from django.core.cache import cache as shared
from django.utils.crypto import get_random_string
from django.utils.module_loading import import_string
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from apps.users import services
from utils.breaker import Breaker, Unavailable
from utils.untrusted_json import read_object

TIMEOUT = 4  # seconds to wait for the provider
KEPT = 600  # seconds that its published configuration and keys are cached
LARGEST = 1024 * 1024  # bytes of a published document
LEEWAY = 60  # seconds of tolerated clock skew
PROVIDER = Breaker("The sign-in provider", most=3)
ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "PS256", "EdDSA"]  # never "none" or a symmetric algorithm


class SignInRefused(Exception):
    """The provider did not authenticate anyone; the message is for the log."""


class Provider(Protocol):
    """An external sign-in provider."""

    key: str  # used in URLs and the database; letters only
    label: str  # on the button

    def begin(self, *, back: str) -> tuple[str, dict[str, str]]:
        """(URL to redirect the browser to, state to keep until it returns to the URL `back`)."""

    def finish(self, *, back: str, answer: str, kept: dict[str, str]) -> services.identities.Person:
        """The authenticated person. `answer` is the full callback URL. Raises SignInRefused."""


class OpenIDConnect:
    """Authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0 §3.1, RFC 7636)."""

    def __init__(self) -> None:
        self.key = "oidc"
        self.label: str = settings.OIDC_NAME

    def begin(self, *, back: str) -> tuple[str, dict[str, str]]:
        kept = {name: get_random_string(48) for name in ("state", "nonce", "verifier")}
        client = self._client(back)
        url, _state = client.create_authorization_url(
            self._settings()["authorization_endpoint"],
            state=kept["state"],
            nonce=kept["nonce"],
            code_challenge=create_s256_code_challenge(kept["verifier"]),
            code_challenge_method="S256",
        )
        return url, kept

    def finish(self, *, back: str, answer: str, kept: dict[str, str]) -> services.identities.Person:
        try:
            endpoint = self._settings()["token_endpoint"]
            with PROVIDER.calling(requests.RequestException):
                token = self._client(back).fetch_token(
                    endpoint,
                    authorization_response=answer,
                    state=kept["state"],
                    code_verifier=kept["verifier"],
                    timeout=TIMEOUT,
                )
            claims = self._claims(str(token["id_token"]), kept["nonce"])
        except (AuthlibBaseError, JoseError, requests.RequestException, Unavailable, KeyError, ValueError) as error:
            raise SignInRefused(str(error)) from error
        proved = claims.get("email_verified") is True
        email = str(claims.get("email") or "") if proved else ""
        name = str(claims.get("preferred_username") or claims.get("name") or email or "user")
        return services.identities.Person(provider=self.key, subject=str(claims["sub"])[:255], email=email, name=name)

    def _client(self, back: str) -> OAuth2Session:
        return OAuth2Session(
            settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET, scope="openid profile email", redirect_uri=back
        )

    def _claims(self, id_token: str, nonce: str) -> dict[str, Any]:
        """The validated ID token claims (OpenID Connect Core §3.1.3.7)."""
        wanted = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": self._settings()["issuer"]},
            aud={"essential": True, "value": settings.OIDC_CLIENT_ID},
            nonce={"essential": True, "value": nonce},
            exp={"essential": True},
            sub={"essential": True},
        )
        token = jwt.decode(id_token, KeySet.import_key_set(self._keys()), algorithms=ALGORITHMS)
        wanted.validate(token.claims)
        return dict(token.claims)

    def _settings(self) -> dict[str, Any]:
        """The discovery document (OpenID Connect Discovery §4); its issuer must match the configured one."""
        found = _fetch(urljoin(settings.OIDC_ISSUER.rstrip("/") + "/", ".well-known/openid-configuration"))
        if str(found.get("issuer", "")).rstrip("/") != settings.OIDC_ISSUER.rstrip("/"):
            raise SignInRefused("issuer mismatch")
        return found

    def _keys(self) -> Any:
        return _fetch(self._settings()["jwks_uri"])


def _fetch(url: str) -> dict[str, Any]:
    known: dict[str, Any] | None = shared.get(f"oidc:{url}")
    if known is None:
        try:
            with PROVIDER.calling(requests.RequestException):
                answer = requests.get(url, timeout=TIMEOUT)
                answer.raise_for_status()
            known = read_object(answer.content, largest=LARGEST)
        except (requests.RequestException, Unavailable, ValueError) as error:
            raise SignInRefused(str(error)) from error
        shared.set(f"oidc:{url}", known, KEPT)
    return known


@cache
def providers() -> dict[str, Provider]:
    """The configured providers, by key."""
    made: list[Provider] = [import_string(name)() for name in settings.SIGN_IN_PROVIDERS]
    return {provider.key: provider for provider in made}

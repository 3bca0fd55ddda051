"""Sign-in through an external provider: redirect and callback."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.users import services
from apps.users.middleware import SIGN_IN_MESSAGE, locked_message
from apps.users.models import User
from apps.users.providers import Provider, SignInRefused, providers
from apps.users.views.confirm import confirm_first
from apps.users.views.request_context import safe_next, set_cookie
from apps.users.views.sign_in import sign_in_user
from utils.addresses import client_address

logger = logging.getLogger(__name__)

AWAY = "away"  # cookie: state to keep until the callback
AWAY_FOR = 600  # seconds
PROVED_FOR = 3600  # seconds


def connect_proof(user: User) -> str:
    """A token for the links that connect an account; it proves that our page showed the link to this user."""
    return signing.dumps(user.pk, salt="users.connect")


def _wants_to_connect(request: HttpRequest) -> bool:
    """Check the token, without which another site could connect an attacker's external account (login CSRF)."""
    try:
        proved = signing.loads(request.GET.get("proof", ""), salt="users.connect", max_age=PROVED_FOR)
    except signing.BadSignature:
        return False
    return bool(proved == request.user.pk)


def _provider(key: str) -> Provider:
    try:
        return providers()[key]
    except KeyError as error:
        raise Http404 from error


@never_cache
@require_safe
def begin(request: HttpRequest, key: str) -> HttpResponse:
    """Redirect to the provider. Nothing is stored; the state goes into a signed cookie."""
    provider = _provider(key)
    if request.user.is_authenticated:
        if not _wants_to_connect(request):
            return redirect("users:own_data")
        if ask := confirm_first(request, reverse("users:own_data")):
            return ask
    try:
        url, kept = provider.begin(back=_callback_url(request, key))
    except SignInRefused as error:
        return _refused(request, error)
    response = redirect(url)
    kept |= {"next": safe_next(request), "whose": _account_id(request)}
    set_cookie(response, AWAY, signing.dumps(kept, salt=f"users.away.{key}"), AWAY_FOR)
    return response


def _account_id(request: HttpRequest) -> str:
    """Id of the signed-in account, "" for none; it must not change between redirect and callback."""
    return str(request.user.pk or "")


@never_cache
@require_safe
def callback(request: HttpRequest, key: str) -> HttpResponse:
    """The provider's callback (GET); `state` in the cookie ties it to the redirect from this browser."""
    provider = _provider(key)
    try:
        kept = signing.loads(request.COOKIES.get(AWAY, ""), salt=f"users.away.{key}", max_age=AWAY_FOR)
        person = provider.finish(back=_callback_url(request, key), answer=request.build_absolute_uri(), kept=kept)
    except (signing.BadSignature, SignInRefused) as error:
        return _refused(request, error)
    if kept["whose"] != _account_id(request):
        return _refused(request, SignInRefused("the signed-in account changed meanwhile"))
    response = _enter(request, person, kept["next"])
    response.delete_cookie(AWAY)
    return response


def _callback_url(request: HttpRequest, key: str) -> str:
    return request.build_absolute_uri(reverse("users:provider_callback", args=[key]))


def _refused(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.warning("External sign-in failed for %s: %s", client_address(request), error)
    return _show_error(request, _("Sign-in failed. Please try again."))


def _show_error(request: HttpRequest, text: str) -> HttpResponse:
    if request.user.is_authenticated:
        messages.error(request, text)
        return redirect("users:own_data")
    request.session[SIGN_IN_MESSAGE] = text
    return redirect("users:login")


def _enter(request: HttpRequest, person: services.identities.Person, target: str) -> HttpResponse:
    now = timezone.now()
    if isinstance(request.user, User):
        try:
            services.identities.connect(user=request.user, person=person, at=now)
        except services.identities.ConnectedElsewhere:
            return _show_error(request, _("This is already connected to another account."))
        messages.success(request, _("Connected. You can now sign in with it."))
        return redirect("users:own_data")
    user = services.identities.find(person=person)
    if user is None:
        try:
            user = services.identities.make_account(
                person=services.identities.Person(**{**vars(person), "language": get_language() or ""}), at=now
            )
        except services.identities.KnownAddress:
            return _show_error(
                request,
                _("An account with your email already exists. Sign in to it, then connect the two under “My data”."),
            )
    if user.is_locked or not user.is_active:
        return _show_error(request, locked_message(user.locked_reason))
    return sign_in_user(request, user, target)

"""Signing in with an account elsewhere: out to the provider and back."""

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
from apps.users.middleware import TOLD, locked_message
from apps.users.models import User
from apps.users.providers import Provider, SignInRefused, providers
from apps.users.views.confirm import confirm_first
from apps.users.views.request_context import safe_next, set_cookie
from apps.users.views.sign_in import sign_in_user
from utils.addresses import client_address

logger = logging.getLogger(__name__)

AWAY = "away"  # cookie: what to remember until the browser is back
AWAY_FOR = 600  # seconds
PROVED_FOR = 3600  # seconds


def connect_proof(user: User) -> str:
    """Goes into the links that connect an account: they were on a page of ours, shown to this user."""
    return signing.dumps(user.pk, salt="users.connect")


def _wants_to_connect(request: HttpRequest) -> bool:
    """Without it another site could sign a browser in elsewhere as somebody else, and have that connected here."""
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
    """Off to the provider. Nothing changes here: what has to be remembered goes into a cookie."""
    provider = _provider(key)
    if request.user.is_authenticated:
        if not _wants_to_connect(request):
            return redirect("users:own_data")
        if ask := confirm_first(request, reverse("users:own_data")):
            return ask
    try:
        url, kept = provider.begin(back=_back(request, key))
    except SignInRefused as error:
        return _refused(request, error)
    response = redirect(url)
    kept |= {"next": safe_next(request), "whose": _whose(request)}
    set_cookie(response, AWAY, signing.dumps(kept, salt=f"users.away.{key}"), AWAY_FOR)
    return response


def _whose(request: HttpRequest) -> str:
    """The account that is signed in, "" for none: the same at the start and at the end."""
    return str(request.user.pk or "")


@never_cache
@require_safe
def finish_elsewhere(request: HttpRequest, key: str) -> HttpResponse:
    """Back from the provider, which sends a GET; `state` in the cookie ties it to this browser's own start."""
    provider = _provider(key)
    try:
        kept = signing.loads(request.COOKIES.get(AWAY, ""), salt=f"users.away.{key}", max_age=AWAY_FOR)
        person = provider.finish(back=_back(request, key), answer=request.build_absolute_uri(), kept=kept)
    except (signing.BadSignature, SignInRefused) as error:
        return _refused(request, error)
    if kept["whose"] != _whose(request):
        return _refused(request, SignInRefused("another account is signed in by now"))
    response = _enter(request, person, kept["next"])
    response.delete_cookie(AWAY)
    return response


def _back(request: HttpRequest, key: str) -> str:
    return request.build_absolute_uri(reverse("users:elsewhere_back", args=[key]))


def _refused(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.warning("Sign-in elsewhere failed for %s: %s", client_address(request), error)
    return _tell(request, _("Sign-in failed. Please try again."))


def _tell(request: HttpRequest, text: str) -> HttpResponse:
    if request.user.is_authenticated:
        messages.error(request, text)
        return redirect("users:own_data")
    request.session[TOLD] = text
    return redirect("users:login")


def _enter(request: HttpRequest, person: services.identities.Person, target: str) -> HttpResponse:
    now = timezone.now()
    if isinstance(request.user, User):
        try:
            services.identities.connect(user=request.user, person=person, at=now)
        except services.identities.ConnectedElsewhere:
            return _tell(request, _("This is already connected to another account."))
        messages.success(request, _("Connected. You can now sign in with it."))
        return redirect("users:own_data")
    user = services.identities.find(person=person)
    if user is None:
        try:
            user = services.identities.make_account(
                person=services.identities.Person(**{**vars(person), "language": get_language() or ""}), at=now
            )
        except services.identities.KnownAddress:
            return _tell(
                request,
                _("An account with your email already exists. Sign in to it, then connect the two under “My data”."),
            )
    if user.is_locked or not user.is_active:
        return _tell(request, locked_message(user.locked_reason))
    return sign_in_user(request, user, target)

"""Middleware for requests of signed-in accounts."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from apps.users import services
from apps.users.models import AuditEntry, User
from utils.addresses import client_address

SECOND_FACTOR = "second_factor"  # session key: the second factor was given at sign-in
SIGN_IN_MESSAGE = "sign_in_message"  # session key: message for the sign-in page
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}

Handler = Callable[[HttpRequest], HttpResponse]


class ViewerMiddleware(AuthenticationMiddleware):
    """Sets `request.user`, without permissions if STAFF_SECOND_FACTOR requires a second factor that the session lacks.

    Every page checks `has_perm`, so the rule applies to every URL.
    """

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _viewer(request))  # type: ignore[assignment]


def _viewer(request: HttpRequest) -> User | AnonymousUser:
    services.devices.renew_session_hash(request=request)
    user = _find(request)
    request._cached_user = user  # type: ignore[attr-defined]  # Django's own cache attribute
    if settings.STAFF_SECOND_FACTOR and isinstance(user, User) and user.is_staff:
        given = SECOND_FACTOR in request.session
        user.rights_withheld = not (
            given and services.second_factor.is_on(user=user)
        )  # it may have been turned off since sign-in
    return user


class _Seen(dict[str, Any]):
    """A copy of the session's data that records whether Django would flush the session."""

    ended = False

    def flush(self) -> None:
        self.ended = True

    def cycle_key(self) -> None:
        """Ignore Django's reaction to a fallback key: `devices.renew_session_hash` renews the hash in place."""


def _find(request: HttpRequest) -> User | AnonymousUser:
    """The session's account. If the session looks invalid, it is read again, since another request may have renewed it.

    Otherwise one of two concurrent requests could sign the browser out (services.recovery).
    """
    seen = _Seen(request.session.items())
    user = get_user(cast("HttpRequest", SimpleNamespace(session=seen)))
    if not seen.ended:
        return user
    again = _Seen(type(request.session)(request.session.session_key).items())
    user = get_user(cast("HttpRequest", SimpleNamespace(session=again)))
    if again.ended or not again:
        request.session.flush()
    else:
        request.session.update(again)
        request.session.modified = False  # identical to the stored session
    return user


class AccountMiddleware:
    """Signs out locked accounts with the reason, and records when a device was last active.

    It evaluates `request.user` only if the view did, so that other pages cause no query.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Redirect to the account security page if the credentials changed during the request."""
        return redirect("users:recovery") if isinstance(exception, services.credentials.CredentialsChanged) else None

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        looked = hasattr(request, "_cached_user")  # set once request.user was evaluated
        if not looked or SESSION_KEY not in request.session:
            return response
        if not request.user.is_authenticated:
            return _sign_out(request) if _is_page(request) else response
        if device_id := request.session.get(services.devices.DEVICE):
            services.devices.record_activity(device_id=device_id, at=timezone.now())
        return response


def _is_page(request: HttpRequest) -> bool:
    return request.method == "GET" and "text/html" in request.headers.get("Accept", "text/html")


def _sign_out(request: HttpRequest) -> HttpResponseRedirect:
    """End the session of an account that may not be signed in, and explain why."""
    user = User.objects.filter(pk=request.session[SESSION_KEY]).first()
    request.session.flush()
    if user and user.is_locked:
        request.session[SIGN_IN_MESSAGE] = locked_message(user.locked_reason)
    return redirect_to_login(request.get_full_path())


def locked_message(reason: str) -> str:
    """The message for the owner of a locked account."""
    if reason:
        return _("This account is locked: %(reason)s") % {"reason": reason}
    return _("This account is locked.")


class AdministrationMiddleware:
    """Sends staff without the required second factor to set it up, and records admin changes in the audit log."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(reverse("admin:index")):
            return self.get_response(request)
        user = request.user
        is_staff = isinstance(user, User) and user.is_staff
        if user.is_authenticated and not is_staff:
            raise PermissionDenied  # signing in again wouldn't help
        if isinstance(user, User) and user.rights_withheld:
            messages.warning(request, _("Admin access requires two-step verification. Set it up to continue."))
            return redirect("users:second_factor")
        began_at = timezone.now()
        response = self.get_response(request)
        if isinstance(user, User) and user.is_staff and request.method in CHANGING:
            changes = LogEntry.objects.filter(user_id=user.pk, action_time__gte=began_at).order_by("pk")[:100]
            match = request.resolver_match
            AuditEntry.objects.create(
                at=began_at, actor=user if User.objects.filter(pk=user.pk).exists() else None,
                actor_name=user.username, address=client_address(request), path=request.path[:300],
                action=_action(request, match.url_name if match else ""),
                details="\n".join(_describe(change) for change in changes), status=response.status_code,
            )  # fmt: skip
        return response


def _action(request: HttpRequest, page: str | None) -> str:
    # don't read the body here: a rejected one may not have arrived
    chosen = request.POST.get("action", "") if hasattr(request, "_post") else ""
    return (f"{page}: {chosen}" if chosen else page or "")[:100]


def _describe(change: LogEntry) -> str:
    """One line: the object and the changed fields as Django describes them, never values."""
    what = change.get_change_message() or change.get_action_flag_display()
    return f"{change.content_type or ''} {change.object_id} {change.object_repr}: {what}"

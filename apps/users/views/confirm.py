"""Re-authentication before changes to how an account can be accessed, against unattended or stolen sessions.

A recent sign-in is enough; later the password is required, or a new sign-in for accounts without a password.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.users import services
from apps.users.forms import ConfirmForm
from apps.users.models import Device
from apps.users.views.request_context import answer, safe_next

CONFIRMED = "confirmed_at"  # session key: time of the last authentication, Unix timestamp
VALID_FOR = 900  # seconds


def note_confirmed(request: HttpRequest) -> None:
    """Record an authentication: a sign-in or a verified password."""
    request.session[CONFIRMED] = timezone.now().timestamp()


def confirm_first(request: HttpRequest, back: str) -> HttpResponse | None:
    """None after a recent authentication, else a redirect to the confirmation page, which returns to `back`."""
    if 0 <= timezone.now().timestamp() - request.session.get(CONFIRMED, 0) < VALID_FOR:
        return None
    return redirect(f"{reverse('users:confirm')}?{urlencode({'next': back})}")


def confirm_without_password(request: HttpRequest, back: str) -> HttpResponse | None:
    """Like `confirm_first`, but only for accounts without a password; forms ask the others for it."""
    return None if services.signed_in(request).has_usable_password() else confirm_first(request, back)


@never_cache
@login_required
@sensitive_post_parameters("current")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Verify the password, or (`again` in the POST) sign out to sign in again."""
    user, target = services.signed_in(request), safe_next(request)
    if "again" in request.POST:
        Device.objects.filter(session_key=request.session.session_key or "").delete()
        logout(request)
        return redirect(f"{reverse('users:login')}?{urlencode({'next': target})}")
    form = ConfirmForm(request.POST if request.method == "POST" else None, user=user)
    msg, late = "", None
    if request.method == "POST" and user.has_usable_password():
        msg = _("Please correct the errors below.")
        if form.is_valid():
            try:
                services.passwords.verify_current(user=user, password=form.cleaned_data["current"])
            except services.Throttled as error:
                late = error
            except services.passwords.WrongPassword:
                form.add_error("current", _("Incorrect current password."))
            else:
                note_confirmed(request)
                return redirect(target)
    context = {"user_info": user, "form": form, "next": target}
    return answer(request, "users/confirm.html", context, msg=msg, late=late)

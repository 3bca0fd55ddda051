"""Password resets."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from apps.users import services
from apps.users.forms import ForgotForm, NewPasswordForm
from apps.users.identifiers import normalize_phone
from apps.users.tokens import TokenRefused
from apps.users.views.codes import begin_code
from apps.users.views.registration import dead_link
from apps.users.views.request_context import answer, client_of
from utils.addresses import client_address

ASKED = "reset_asked"  # session key


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgot(request: HttpRequest) -> HttpResponse:
    """Request a link or, with a phone number, a code. The response is the same for every name."""
    posted = request.POST.copy()
    if request.method == "POST" and "username" not in posted:
        posted["username"] = posted.get("email", "") or posted.get("phone", "")
    form = ForgotForm(posted if request.method == "POST" else None)
    msg, late = "", None
    if request.method == "POST":
        msg = _("Enter your username, email or phone number.")
        if form.is_valid():
            name, language, client = form.cleaned_data["username"], get_language() or "", client_of(request)
            try:
                if phone := normalize_phone(name):
                    row = services.passwords.request_reset_code(
                        phone=phone, language=language, client=client, at=timezone.now()
                    )
                    return begin_code(request, row)
                services.passwords.request_reset(name=name, language=language, client=client)
            except services.Throttled as error:
                late = error
            else:
                request.session[ASKED] = True
                return redirect("users:reset_sent")
    return answer(request, "users/forgot.html", {"form": form}, msg=msg, late=late)


@never_cache
@require_safe
def reset_sent(request: HttpRequest) -> HttpResponse:
    """The "check your email" page, the same for every name."""
    if not request.session.get(ASKED):
        return redirect("users:forgot")
    return render(request, "users/reset_sent.html", {"outbox": settings.OUTBOX})


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, token: str) -> HttpResponse:
    """Set a new password."""
    now = timezone.now()
    try:
        user = services.passwords.find_reset(token=token, at=now)
        form = NewPasswordForm(request.POST if request.method == "POST" else None)
        msg = ""
        if request.method == "POST":
            msg = _("Please correct the errors below.")
            if form.is_valid():
                try:
                    services.passwords.reset(
                        token=token, password=form.cleaned_data["password"], address=client_address(request), at=now
                    )
                except ValidationError as error:
                    form.add_error("password", error)
                else:
                    return redirect("users:reset_done")
    except TokenRefused:
        return answer(request, "users/reset.html", {"user_id": None}, msg=dead_link())
    context = {"form": form, "user_id": user.pk, "name": user.username}
    return answer(request, "users/reset.html", context, msg=msg)


@never_cache
@require_safe
def reset_done(request: HttpRequest) -> HttpResponse:
    """Confirmation that the password was set."""
    return render(request, "users/reset_done.html")

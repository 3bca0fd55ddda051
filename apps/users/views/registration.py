"""Sign-up and activation."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from apps.users import services
from apps.users.forms import RegisterForm, ResendForm
from apps.users.providers import providers
from apps.users.tokens import TokenRefused
from apps.users.views.codes import begin_code
from apps.users.views.request_context import answer, client_of, safe_next

SENT_TO = "sent_to"  # session key: the submitted address
ASKED_AGAIN = "sent_again"  # session key: the email was requested again
OWN = "registrations"  # session key: ids of this session's sign-ups, newest last
OWN_MOST = 10


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Sign up by email, or with `?by=phone` by mobile number. The response is the same for every address."""
    if request.user.is_authenticated:
        return redirect(safe_next(request))
    by_phone = bool(request.POST.get("phone")) if request.method == "POST" else request.GET.get("by") == "phone"
    if request.method == "POST" and request.GET.get("by") == "phone":
        by_phone = True
    by = "phone" if by_phone else "email"
    form = RegisterForm(request.POST if request.method == "POST" else None, by=by)
    msg, late = "", None
    if request.method == "POST":
        msg = _("Please correct the errors below.")
        if form.is_valid():
            data, now = form.cleaned_data, timezone.now()
            try:
                row = services.registration.register(
                    username=data["username"], email=data.get("email", ""), phone=data.get("phone", ""),
                    password=data["password"], language=get_language() or "", client=client_of(request), at=now,
                )  # fmt: skip
            except services.Throttled as error:
                late = error
            else:
                if by == "phone":
                    return begin_code(request, services.registration.send_code(registration=row, at=now))
                request.session[OWN] = [*request.session.get(OWN, []), row.pk][-OWN_MOST:]
                request.session[SENT_TO] = row.email
                request.session.pop(ASKED_AGAIN, None)
                return redirect("users:sent")
    context = {"form": form, "by": by, "providers": list(providers().values())}
    return answer(request, "users/register.html", context, msg=msg, late=late)


@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """The "check your email" page, the same for every address."""
    address = request.session.get(SENT_TO)
    if not address:
        return redirect("users:register")
    form = ResendForm(initial={"email": address})
    context = {"address": address, "form": form, "again": ASKED_AGAIN in request.session, "outbox": settings.OUTBOX}
    return render(request, "users/sent.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def resend(request: HttpRequest) -> HttpResponse:
    """Resend the activation email of a sign-up from this browser."""
    form = ResendForm(request.POST if request.method == "POST" else None)
    msg, late = "", None
    if request.method == "POST":
        msg = _("Enter the email you signed up with.")
        if form.is_valid():
            try:
                services.registration.request_resend(
                    email=form.cleaned_data["email"], own=request.session.get(OWN, []), client=client_of(request)
                )
            except services.Throttled as error:
                late = error
            else:
                request.session[SENT_TO] = form.cleaned_data["email"]
                request.session[ASKED_AGAIN] = True
                return redirect("users:sent")
    return answer(request, "users/resend.html", {"form": form}, msg=msg, late=late)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def activate(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, because mail scanners fetch every link; POST creates the account."""
    now = timezone.now()
    try:
        if request.method != "POST":
            row = services.registration.find_pending(token=token, at=now)
            return render(request, "users/activate.html", {"name": row.username, "email": row.email})
        user = services.registration.activate(token=token, at=now)
    except TokenRefused:
        return answer(request, "users/activate.html", {}, msg=dead_link())
    except services.registration.AlreadyRegistered:
        msg = _("This email already has an account. Sign in or reset your password.")
        return answer(request, "users/activate.html", {}, msg=msg)
    return render(request, "users/activated.html", {"name": user.username, "wanted": user.nickname})


def dead_link() -> str:
    """The message for a link that no longer works."""
    return _("This link is no longer valid. It may have been used, replaced or expired.")

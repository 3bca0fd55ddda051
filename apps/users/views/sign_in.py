"""Signing in and out."""

from __future__ import annotations

from urllib.parse import quote, unquote

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.users import services
from apps.users.forms import CodeForm, LoginForm
from apps.users.middleware import SECOND_FACTOR, SIGN_IN_MESSAGE, locked_message
from apps.users.models import Device, User
from apps.users.providers import providers
from apps.users.views.confirm import note_confirmed
from apps.users.views.request_context import (
    answer,
    browser_name,
    client_of,
    remember_browser,
    safe_next,
    set_cookie,
    set_language,
)
from utils.addresses import client_address

REMEMBERED = "username"  # cookie
REMEMBERED_FOR = 180 * 24 * 3600  # seconds
WAITING = "second_step"  # session key: the account awaiting a second-factor code
WAITS = 600  # seconds


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Name and password; then a code if two-step verification is on."""
    target = safe_next(request)
    if request.user.is_authenticated:
        return redirect(target)
    if request.method != "POST":
        remembered = unquote(request.COOKIES.get(REMEMBERED, ""))
        told = request.session.pop(SIGN_IN_MESSAGE, "") if SIGN_IN_MESSAGE in request.session else ""
        page = _login_page(request, remembered, checked=bool(remembered), msg=told)
        page.status_code = 200  # a plain GET is not an error
        return page
    form = LoginForm(request.POST)
    typed = request.POST.get("username", "")[:254]
    checked = "checked" in request.POST

    def refuse(msg: str, late: services.Throttled | None = None) -> HttpResponse:
        return _login_page(request, typed, checked=checked, msg=msg, late=late)

    if not form.is_valid():
        return refuse(_("Enter your username and password."))
    name = form.cleaned_data["username"]
    try:
        user = services.sign_in.check_credentials(
            request=request, name=name, password=form.cleaned_data["password"], client=client_of(request)
        )
    except services.Throttled as error:
        return refuse("", error)
    except services.sign_in.AccountLocked as error:
        return refuse(locked_message(error.reason))
    except services.sign_in.WrongCredentials:
        return refuse(_("Incorrect username or password."))
    response = sign_in_user(request, user, target)
    if form.cleaned_data["checked"]:
        set_cookie(response, REMEMBERED, quote(name), REMEMBERED_FOR)
    else:
        response.delete_cookie(REMEMBERED)
    return response


def _login_page(
    request: HttpRequest, username: str, *, checked: bool, msg: str = "", late: services.Throttled | None = None
) -> HttpResponse:
    context = {
        "username": username, "checked": checked, "next": safe_next(request), "providers": list(providers().values()),
    }  # fmt: skip
    return answer(request, "users/login.html", context, msg=msg, late=late)


def sign_in_user(request: HttpRequest, user: User, target: str) -> HttpResponse:
    """Sign in the authenticated user, or ask for a code first if two-step verification is on."""
    if services.second_factor.is_on(user=user):
        request.session[WAITING] = {
            "user": user.pk, "hash": user.get_session_auth_hash(), "at": timezone.now().timestamp(), "next": target,
        }  # fmt: skip
        return redirect("users:second_step")
    request.session.pop(SECOND_FACTOR, None)
    return _finish(request, user, target, coded=False)


def _finish(request: HttpRequest, user: User, target: str, *, coded: bool) -> HttpResponse:
    """Start the session and redirect, in the user's language."""
    name = browser_name(request, user)
    services.sign_in.start_session(
        request=request, user=user, browser=name, coded=coded, address=client_address(request),
        language=get_language() or "", at=timezone.now(),
    )  # fmt: skip
    note_confirmed(request)
    response = redirect(target)
    remember_browser(request, response, user, name)
    if user.language:
        set_language(response, user.language)
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """The second factor, after the password."""
    waiting = request.session.get(WAITING)
    if not waiting or timezone.now().timestamp() - waiting["at"] > WAITS:
        request.session.pop(WAITING, None)
        return redirect("users:login")
    user = User.objects.filter(pk=waiting["user"], is_active=True, locked_at=None).first()
    if user is None or waiting["hash"] not in [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]:
        request.session.pop(WAITING, None)
        return redirect("users:login")
    form = CodeForm(request.POST if request.method == "POST" else None)
    msg, late = "", None
    if request.method == "POST":
        msg = _("Incorrect or already used code.")
        if form.is_valid():
            try:
                services.second_factor.verify(user=user, code=form.cleaned_data["code"], at=timezone.now())
            except services.Throttled as error:
                late = error
            except services.second_factor.WrongCode:
                pass
            else:
                del request.session[WAITING]
                response = _finish(request, user, waiting["next"], coded=True)
                request.session[SECOND_FACTOR] = True
                return response
    return answer(request, "users/second_step.html", {"form": form}, msg=msg, late=late)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """A confirmation page (GET); ends this session (POST)."""
    if request.method == "POST":
        Device.objects.filter(session_key=request.session.session_key or "").delete()
        logout(request)
        return redirect(settings.LOGOUT_REDIRECT_URL)
    return render(request, "users/logout.html")

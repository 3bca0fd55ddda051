"""Signing in and out, membership."""

from __future__ import annotations

from urllib.parse import quote, unquote

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from apps.users.forms import LoginForm
from apps.users.models import User
from apps.users.services import membership_end

REMEMBERED = "username"  # cookie
REMEMBERED_FOR = 180 * 24 * 3600  # seconds


def safe_next(request: HttpRequest) -> str:
    """Where to go after signing in: an address of this site, else the home page."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    allowed = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if allowed else settings.LOGIN_REDIRECT_URL


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    target = safe_next(request)
    if request.user.is_authenticated:
        return redirect(target)
    remembered = unquote(request.COOKIES.get(REMEMBERED, ""))
    if request.method != "POST":
        return render(
            request,
            "users/login.html",
            {"username": remembered, "checked": bool(remembered), "next": target, "msg": ""},
        )
    form = LoginForm(request.POST)
    msg = _("Enter your name and your password.")
    if form.is_valid():
        name, password = form.cleaned_data["username"], form.cleaned_data["password"]
        user = authenticate(request, username=name, password=password)
        if isinstance(user, User) and user.is_locked:
            msg = _("This account is locked. %s") % user.locked_reason
        elif user is not None:
            login(request, user)
            response = redirect(target)
            if form.cleaned_data["checked"]:
                response.set_cookie(
                    REMEMBERED,
                    quote(name),
                    max_age=REMEMBERED_FOR,
                    httponly=True,
                    secure=settings.SESSION_COOKIE_SECURE,
                    samesite="Lax",
                )
            else:
                response.delete_cookie(REMEMBERED)
            return response
        else:
            msg = _("The name or the password is wrong.")
    context = {
        "username": request.POST.get("username", "")[:254],
        "checked": "checked" in request.POST,
        "next": target,
        "msg": msg,
    }
    return render(request, "users/login.html", context, status=400)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        logout(request)
        return redirect(settings.LOGOUT_REDIRECT_URL)
    return render(request, "users/logout.html")


@never_cache
@require_safe
def vip(request: HttpRequest) -> HttpResponse:
    """What a membership gives, and until when the viewer has one."""
    end = membership_end(user=request.user, at=timezone.now()) if isinstance(request.user, User) else None
    return render(request, "users/vip.html", {"user_info": request.user, "vip_time_end": end})

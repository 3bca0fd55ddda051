"""The outbox page of a site in trial mode."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.users import services

COOKIE = "outbox"
OPEN_FOR = 30 * 24 * 3600  # seconds; ends earlier if the site restarts


@never_cache
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """The newest saved messages, for browsers that used a key (`?key=`) and for administrators; 404 without OUTBOX."""
    if not settings.OUTBOX:
        raise Http404
    if _may_read(request):
        return render(request, "users/outbox.html", {"kept": services.outbox.newest()})
    key = request.GET.get("key", "")
    if request.method == "GET" and (token := services.outbox.use_key(key)):
        response = redirect("users:outbox")
        response.set_cookie(
            COOKIE, token, max_age=OPEN_FOR, path=response["Location"], httponly=True,
            secure=settings.SESSION_COOKIE_SECURE, samesite="Strict",
        )  # fmt: skip
        return response
    return render(request, "users/outbox_closed.html", {"refused": key}, status=403)


def _may_read(request: HttpRequest) -> bool:
    user = services.account_of(request)
    is_administrator = user is not None and user.is_superuser and not user.rights_withheld
    return is_administrator or services.outbox.is_open_to(request.COOKIES.get(COOKIE, ""))

"""The membership page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.users import services


@never_cache
@require_safe
def vip(request: HttpRequest) -> HttpResponse:
    """Membership benefits and the viewer's expiry date."""
    user, at = services.account_of(request), timezone.now()
    end = services.membership_end(user=user, at=at) if user else None
    streams = services.membership_streams(user=user, at=at) if user else 0
    return render(request, "users/vip.html", {"user_info": request.user, "vip_time_end": end, "streams": streams})

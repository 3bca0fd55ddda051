"""The announcements page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.notices.models import Notice
from utils.cache import allow_page_cache

SHOWN = 50


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """The notices that are visible now."""
    shown = Notice.objects.shown(timezone.now())[:SHOWN]
    return allow_page_cache(request, render(request, "notices/list.html", {"notices": shown}))

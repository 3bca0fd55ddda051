from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.notices.models import Notice

SHOWN = 50


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    return render(request, "notices/list.html", {"notices": Notice.objects.published(timezone.now())[:SHOWN]})

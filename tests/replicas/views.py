"""Two pages behind the site's own middleware: one changes a notice, the other reads it."""

from __future__ import annotations

from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from apps.notices.models import Notice


@csrf_exempt
def write(request: HttpRequest) -> HttpResponse:
    Notice.objects.filter(pk=request.POST["notice"]).update(title=request.POST["title"])
    return HttpResponse()


def read(request: HttpRequest) -> HttpResponse:
    notices = Notice.objects.annotate(server=RawSQL("@@server_id", []))
    return JsonResponse(notices.values("title", "server").get(pk=request.GET["notice"]))


urlpatterns = [path("write", write), path("read", read), path("", include("streamsite.urls"))]

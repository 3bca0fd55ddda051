"""`/healthz` and `/readyz`: for load balancers and monitoring."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils.crypto import constant_time_compare

from utils.addresses import client_address
from utils.readiness import Readiness, overall, parts

HEALTH, READY = "/healthz", "/readyz"
METHODS = ["GET", "HEAD"]

logger = logging.getLogger(__name__)


class ProbeMiddleware:
    """Answers probes before anything else: by any host name, without https, sessions, databases and caches.

    Runs first, since a load balancer knows a machine by its address only, and expects no redirect.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in (HEALTH, READY):
            return self.get_response(request)
        if request.method not in METHODS:
            response: HttpResponse = HttpResponseNotAllowed(METHODS)
        elif request.path_info == HEALTH:
            response = JsonResponse({"status": "alive"})
        else:
            response = _ready(request)
        response["Cache-Control"] = "no-store"
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django logs each 4xx and 5xx; we log changes
        return response


def _ready(request: HttpRequest) -> HttpResponse:
    answers = readiness().ask()
    state = overall(answers)
    _log(state, ", ".join(f"{name}: {one.reason}" for name, one in answers.items() if one.state != "ok"))
    body: dict[str, object] = {"status": state}
    if _may_see(request):
        body["parts"] = {name: answer.to_json() for name, answer in answers.items()}
    return JsonResponse(body, status=HTTPStatus.SERVICE_UNAVAILABLE if state == "failed" else HTTPStatus.OK)


@cache
def readiness() -> Readiness:
    """Of this process."""
    return Readiness(parts())


def _may_see(request: HttpRequest) -> bool:
    """Whether this client may see the state of each part: by MONITORING_TOKEN, or from MONITORING_NETWORKS."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.MONITORING_TOKEN
    if wanted and scheme.lower() == "bearer" and constant_time_compare(token.strip(), wanted):
        return True
    # a proxy on this machine that isn't trusted would make everybody local: what it says of the visitor counts, too
    claimed = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    return all(_is_monitoring(one) for one in (client_address(request), claimed) if one)


def _is_monitoring(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in ip_network(network) for network in settings.MONITORING_NETWORKS)


_told = "ready"


def _log(state: str, reasons: str) -> None:
    """Say it once when the state changes."""
    global _told
    if state == _told:
        return
    _told = state
    logger.log(logging.INFO if state == "ready" else logging.WARNING, "The site is %s. %s", state, reasons)

"""The recent searches of an account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.search import services
from apps.users import services as users
from apps.users.models import User
from utils.untrusted_json import read_object

LARGEST = 16 * 1024  # bytes of a request


@require_POST
def mine(request: HttpRequest) -> HttpResponse:
    """Remove a search (`text`) or all (`all`) and return to the search page.

    As JSON: the same, or `searches`, what the browser kept before its viewer signed in: a list of {text, at}, `at` in
    milliseconds of Unix time.
    """
    user = users.account_of(request)
    if request.content_type != "application/json":
        if user:
            _remove(user, request.POST)
        return redirect("search:results")
    if user is None:
        return JsonResponse({"res": 1, "errmsg": "sign in first"}, status=401)
    try:
        said = read_object(request.body, largest=LARGEST)
        searches = [(str(one["text"]), _moment(one["at"])) for one in said.get("searches", ())]
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return JsonResponse({"res": 1, "errmsg": "searches must be a list of {text, at}"}, status=400)
    _remove(user, said)
    services.recent.move_in(user=user, searches=searches, at=timezone.now())
    return JsonResponse({"res": 0, "errmsg": ""})


def _remove(user: User, said: Any) -> None:
    if said.get("all"):
        services.recent.clear(user=user)
    elif text := said.get("text"):
        services.recent.forget(user=user, text=str(text))


def _moment(milliseconds: Any) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)

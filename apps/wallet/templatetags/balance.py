"""The wallet on pages of other apps."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from apps.wallet import services

register = template.Library()


@register.inclusion_tag("wallet/given_up.html", takes_context=True)
def balance_given_up(context: Context) -> dict[str, Any]:
    """What somebody who deletes the account gives up: the balance, in yuan."""
    return {"balance": services.balance_of(user=context["request"].user)}

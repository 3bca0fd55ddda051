"""Template tags that show the wallet on other apps' pages."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from apps.wallet import services

register = template.Library()


@register.inclusion_tag("wallet/given_up.html", takes_context=True)
def balance_given_up(context: Context) -> dict[str, Any]:
    """The balance in yuan that is lost when the account is deleted."""
    return {"balance": services.balance_of(user=context["request"].user)}

"""The theme and menu of the admin (django-unfold)."""

from functools import partial
from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


def _item(title: Any, icon: str, name: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(name), "permission": partial(may_open, name)}


def may_open(name: str, request: HttpRequest) -> bool:
    """Whether this user may open the page, by the model admin's `has_<page>_permission` (lists: view permission)."""
    from django.contrib import admin  # settings load before the app registry

    if name.endswith("index"):
        return True
    app, model, page = name.removeprefix("admin:").split("_")
    shown = admin.site._registry[apps.get_model(app, model)]
    return bool(getattr(shown, f"has_{page}_permission", shown.has_view_permission)(request))


def menu_for(request: HttpRequest, menu: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The menu with whether each entry is open to this user and leads to this page, or to its list.

    An entry is of this page if its address is the longest with which that of the page begins.
    """
    groups = [[item | {"link": str(item["link"])} for item in group["items"]] for group in menu]
    overview, *links = [item["link"] for items in groups for item in items]
    here = max(filter(request.path.startswith, links), key=len, default=overview)
    for item in (item for items in groups for item in items):
        item["active"] = item["link"] == here and (here != overview or request.path == overview)
        item["has_permission"] = item["permission"](request)
    return [group | {"items": items} for group, items in zip(menu, groups, strict=True)]


UNFOLD = {
    "SITE_TITLE": lambda request: settings.SITE_NAME,
    "SITE_HEADER": lambda request: settings.SITE_NAME,
    "SITE_SUBHEADER": _("Admin"),
    "SITE_URL": "/",
    "SITE_SYMBOL": "movie",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("favicon.svg")}],
    "STYLES": [lambda request: static("media.css")],
    "SCRIPTS": [lambda request: static("encoding.js")],
    "SHOW_HISTORY": True,
    "SHOW_LANGUAGES": True,
    "DASHBOARD_CALLBACK": "streamsite.dashboard.dashboard",
    "COLORS": {
        "primary": {
            "50": "#fff3ee", "100": "#ffe3d8", "200": "#ffc4b0", "300": "#ff9f80", "400": "#ff7a59", "500": "#f25a33",
            "600": "#d2431d", "700": "#b03515", "800": "#8d2e17", "900": "#722a18", "950": "#3e1208",
        }
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": [
            {
                "title": _("Catalogue"),
                "items": [
                    _item(_("Overview"), "dashboard", "admin:index"),
                    _item(_("Titles"), "movie", "admin:movies_movie_changelist"),
                    _item(pgettext_lazy("menu", "Episodes"), "playlist_play", "admin:movies_episode_changelist"),
                    _item(_("Release schedules"), "calendar_month", "admin:movies_schedule_changelist"),
                    _item(_("Banners"), "view_carousel", "admin:movies_banner_changelist"),
                    _item(_("Categories"), "category", "admin:movies_category_changelist"),
                    _item(_("Genres"), "label", "admin:movies_genre_changelist"),
                    _item(_("Tags"), "sell", "admin:movies_tag_changelist"),
                    _item(_("Regions"), "public", "admin:movies_region_changelist"),
                    _item(_("Languages"), "translate", "admin:movies_language_changelist"),
                    _item(_("People"), "groups", "admin:movies_person_changelist"),
                ],
            },
            {
                "title": _("Media"),
                "items": [
                    _item(_("Upload"), "cloud_upload", "admin:media_video_add"),
                    _item(_("Videos and queue"), "video_file", "admin:media_video_changelist"),
                ],
            },
            {
                "title": _("Finance"),
                "items": [
                    _item(_("Orders"), "receipt_long", "admin:orders_order_changelist"),
                    _item(_("Revenue"), "monitoring", "admin:orders_order_revenue"),
                    _item(_("Payments"), "payments", "admin:orders_payment_changelist"),
                    _item(_("Refunds"), "currency_exchange", "admin:orders_refund_changelist"),
                    _item(_("Plans"), "sell", "admin:orders_plan_changelist"),
                    _item(_("Coupons"), "confirmation_number", "admin:orders_coupon_changelist"),
                    _item(_("Wallets"), "account_balance_wallet", "admin:wallet_wallet_changelist"),
                    _item(_("Gateway notifications"), "mark_email_read", "admin:orders_notification_changelist"),
                    _item(_("Certificates"), "verified_user", "admin:orders_alipaycertificate_changelist"),
                ],
            },
            {
                "title": _("Viewers"),
                "items": [
                    _item(_("Accounts"), "person", "admin:users_user_changelist"),
                    _item(_("Memberships"), "workspace_premium", "admin:users_membership_changelist"),
                    _item(_("Watching now"), "devices", "admin:playback_stream_changelist"),
                    _item(_("Audit log"), "policy", "admin:users_auditentry_changelist"),
                    _item(_("Comments"), "chat", "admin:community_comment_changelist"),
                    _item(_("Announcements"), "campaign", "admin:notices_notice_changelist"),
                    _item(_("Trending searches"), "trending_up", "admin:search_hotsearch_changelist"),
                    _item(_("Banned words"), "block", "admin:search_bannedword_changelist"),
                ],
            },
        ],
    },
}  # fmt: skip

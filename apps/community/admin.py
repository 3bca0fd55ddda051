from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action

from apps.community import services
from apps.community.models import Comment


@admin.register(Comment)
class CommentAdmin(ModelAdmin):
    list_display = ["text", "user", "movie", "created_at", "hidden_at"]
    list_select_related = ["user", "movie"]
    list_filter = [("hidden_at", admin.EmptyFieldListFilter)]
    search_fields = ["text", "user__username", "movie__title"]
    readonly_fields = ["movie", "user", "text", "created_at", "hidden_at"]
    actions = ["hide"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    @action(description=_("Hide"), permissions=["change"])
    def hide(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        count = services.hide_comments(comments=list(comments), at=timezone.now())
        self.message_user(request, ngettext("%d comment hidden.", "%d comments hidden.", count) % count)

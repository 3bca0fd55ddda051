from django.contrib import admin
from unfold.admin import ModelAdmin

from apps.notices.models import Notice


@admin.register(Notice)
class NoticeAdmin(ModelAdmin):
    list_display = ["title", "pinned", "starts_at", "ends_at"]
    list_filter = ["pinned"]
    search_fields = ["title", "body"]

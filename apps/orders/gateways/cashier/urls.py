"""The cashier's URLs; they aren't part of the site."""

from django.conf import settings
from django.urls import path, re_path
from django.views.static import serve

from apps.orders.gateways.cashier import views

urlpatterns = [
    path("gateway.do", views.gateway, name="gateway"),
    path("pay/<slug:trade_no>/", views.trade_page, name="trade"),
    path("pay/<slug:trade_no>/done/", views.pay, name="pay"),
    path("bill/<str:day>.csv", views.bill, name="bill"),
    re_path(r"^static/(?P<path>.*)$", serve, {"document_root": settings.STATIC_ROOT}),
]

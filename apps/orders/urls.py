from django.urls import path

from apps.orders.views import calls, gateway, mine, outside, shop

app_name = "orders"
urlpatterns = [
    path("order/openvip/", shop.vip, name="vip"),
    path("order/title/<int:movie_id>/", shop.title, name="title"),
    path("order/buy/", shop.buy, name="buy"),
    path("order/commit/", calls.commit, name="commit"),
    path("order/pay/", calls.pay, name="pay"),
    path("order/check/", calls.check, name="check"),
    path("order/notify/", gateway.notify, name="notify"),
    path("order/return/", gateway.come_back, name="return"),
    path("order/outside/<str:token>/", outside.outside, name="outside"),
    path("order/<slug:number>/", mine.order, name="order"),
    path("order/<slug:number>/pay/", mine.pay_again, name="pay_again"),
    path("order/<slug:number>/cancel/", mine.cancel, name="cancel"),
    path("user/userorder/<int:page>/", mine.orders, name="list"),
    path("user/wallet/<int:page>/", mine.wallet, name="wallet"),
]

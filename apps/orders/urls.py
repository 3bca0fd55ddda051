from django.urls import path

from apps.orders.views import account, gateway, json_api, outside, shop

app_name = "orders"
urlpatterns = [
    path("order/openvip/", shop.vip, name="vip"),
    path("order/title/<int:movie_id>/", shop.title, name="title"),
    path("order/buy/", shop.buy, name="buy"),
    path("order/commit/", json_api.commit, name="commit"),
    path("order/pay/", json_api.pay, name="pay"),
    path("order/check/", json_api.check, name="check"),
    path("order/notify/", gateway.notify, name="notify"),
    path("order/return/", gateway.return_page, name="return"),
    path("order/outside/<str:token>/", outside.outside, name="outside"),
    path("order/<slug:number>/", account.order, name="order"),
    path("order/<slug:number>/pay/", account.pay_again, name="pay_again"),
    path("order/<slug:number>/cancel/", account.cancel, name="cancel"),
    path("user/userorder/<int:page>/", account.orders, name="list"),
    path("user/wallet/<int:page>/", account.wallet_page, name="wallet"),
]

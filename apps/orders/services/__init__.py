"""What happens to an order, one journey a module."""

from apps.orders.services.alarms import mail_alarm
from apps.orders.services.asking import ask, ask_soon
from apps.orders.services.buying import AlreadyOwned, UnableToPlaceOrder, place_order, place_top_up, title_price
from apps.orders.services.certificates import Held, certificate_of, certificates_of_settings
from apps.orders.services.closing import answer_question, cancel, close
from apps.orders.services.console_refunds import book_bill
from apps.orders.services.coupons import CouponRefused, count_guess, discount_for
from apps.orders.services.daily import check_day, daily_statement
from apps.orders.services.entitlement import owns
from apps.orders.services.notifications import fetch_certificate, receive
from apps.orders.services.paying import NotOffered, UnableToPay, pay_by_gateway, pay_from_wallet
from apps.orders.services.reconciling import reconcile
from apps.orders.services.refunds import UnableToRefund, carry_out, carry_out_soon, refund
from apps.orders.services.returns import returns
from apps.orders.services.revenue import Revenue, revenue
from apps.orders.services.settling import settle
from apps.orders.services.statement import Statement, Trouble, statement

__all__ = [
    "AlreadyOwned",
    "CouponRefused",
    "Held",
    "NotOffered",
    "Revenue",
    "Statement",
    "Trouble",
    "UnableToPay",
    "UnableToPlaceOrder",
    "UnableToRefund",
    "answer_question",
    "ask",
    "ask_soon",
    "book_bill",
    "cancel",
    "carry_out",
    "carry_out_soon",
    "certificate_of",
    "certificates_of_settings",
    "check_day",
    "close",
    "count_guess",
    "daily_statement",
    "discount_for",
    "fetch_certificate",
    "mail_alarm",
    "owns",
    "pay_by_gateway",
    "pay_from_wallet",
    "place_order",
    "place_top_up",
    "receive",
    "reconcile",
    "refund",
    "returns",
    "revenue",
    "settle",
    "statement",
    "title_price",
]

"""Services of orders, payments and refunds, one module per journey."""

from apps.orders.services.alarms import mail_alarm
from apps.orders.services.buying import AlreadyOwned, UnableToPlaceOrder, place_order, place_top_up, title_price
from apps.orders.services.certificates import CertificateInfo, certificate_of, certificates_of_settings
from apps.orders.services.closing import cancel, close, run_query
from apps.orders.services.console_refunds import book_bill
from apps.orders.services.coupons import CouponRefused, count_attempt, discount_for
from apps.orders.services.daily import check_day, daily_statement
from apps.orders.services.entitlement import owns
from apps.orders.services.notifications import fetch_certificate, receive
from apps.orders.services.paying import NotOffered, UnableToPay, pay_by_gateway, pay_from_wallet
from apps.orders.services.querying import query_order, query_soon
from apps.orders.services.reconciling import reconcile
from apps.orders.services.refund_summaries import refund_summaries
from apps.orders.services.refunds import UnableToRefund, execute_refund, execute_refund_soon, refund
from apps.orders.services.revenue import Revenue, revenue
from apps.orders.services.settling import settle
from apps.orders.services.statement import DifferenceKind, Statement, statement

__all__ = [
    "AlreadyOwned",
    "CertificateInfo",
    "CouponRefused",
    "DifferenceKind",
    "NotOffered",
    "Revenue",
    "Statement",
    "UnableToPay",
    "UnableToPlaceOrder",
    "UnableToRefund",
    "book_bill",
    "cancel",
    "certificate_of",
    "certificates_of_settings",
    "check_day",
    "close",
    "count_attempt",
    "daily_statement",
    "discount_for",
    "execute_refund",
    "execute_refund_soon",
    "fetch_certificate",
    "mail_alarm",
    "owns",
    "pay_by_gateway",
    "pay_from_wallet",
    "place_order",
    "place_top_up",
    "query_order",
    "query_soon",
    "receive",
    "reconcile",
    "refund",
    "refund_summaries",
    "revenue",
    "run_query",
    "settle",
    "statement",
    "title_price",
]

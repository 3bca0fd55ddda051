"""A local stand-in for Alipay: a server of the same signed protocol, with its own keys, trades and cashier page.

It runs as a process of its own (`manage.py cashier`), so that what it does to the site comes over HTTP as from Alipay.
"""

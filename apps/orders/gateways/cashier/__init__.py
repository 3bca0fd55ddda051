"""A local stand-in for Alipay: a server of the same signed protocol, with its own keys, trades and cashier page.

It runs as a separate process (`manage.py cashier`) and, like Alipay, talks to the site over HTTP.
"""

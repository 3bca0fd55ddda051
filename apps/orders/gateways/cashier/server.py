"""The cashier's web server and the thread that delivers its notifications."""

from __future__ import annotations

import threading
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.core.handlers.wsgi import WSGIHandler

from apps.orders.gateways.cashier.views import cashier


class Quiet(WSGIRequestHandler):
    """A request handler without an access log."""

    def log_message(self, *_: Any) -> None:
        """Log nothing: the URLs contain signatures."""


class Server(ThreadingMixIn, WSGIServer):
    """A server with one thread per request."""

    daemon_threads = True
    allow_reuse_address = True


def run(port: int) -> None:
    """Serve on loopback until the process is stopped. Raises OSError for a port in use."""
    stopped = threading.Event()
    with Server(("127.0.0.1", port), Quiet) as server:
        server.set_app(WSGIHandler())
        delivering = threading.Thread(target=cashier().run_deliveries, args=(stopped,))
        delivering.start()
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            pass
        finally:
            stopped.set()
            delivering.join()

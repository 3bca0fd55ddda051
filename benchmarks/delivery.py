"""Ranges of a file under signed addresses against nginx sending the same ranges unsigned: bytes per second, as a ratio.

Ranges are of the size of a segment, asked by four clients over connections that are kept. Measured are nginx with
`deploy/nginx/site.conf`, as the real stack delivers (asked: at least 0.90), and the embedded default, of which
nothing is asked.
"""

from __future__ import annotations

import http.client
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MIB = 2**20
SIZE = 256 * MIB
SEGMENT = 2 * MIB  # bytes: four seconds of 4 Mbit/s
CLIENTS = 4
REQUESTS = 240
ROUNDS = 5
PLAIN = """
    server { listen 127.0.0.1:%d; sendfile on; tcp_nopush on; location /plain/ { alias "%s/"; } }
"""


def rate(port: int, address: str) -> float:
    """Bytes per second of REQUESTS ranges in turn."""
    failures: list[int] = []

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        held = bytearray(SEGMENT)
        for n in range(number, REQUESTS, CLIENTS):
            first = n * SEGMENT % (SIZE - SEGMENT)
            connection.request("GET", address, headers={"Range": f"bytes={first}-{first + SEGMENT - 1}"})
            answer = connection.getresponse()
            got = 0
            while read := answer.readinto(held):
                got += read
            if (answer.status, got) != (206, SEGMENT):
                failures.append(answer.status)

    clients = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    began = time.perf_counter()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if failures:
        raise SystemExit(f"{address} answered {set(failures)}")
    return REQUESTS * SEGMENT / (time.perf_counter() - began)


def main() -> None:
    sys.path.insert(0, str(ROOT))
    import tests.environment
    from tests.browser.conftest import start_site
    from tests.browser.nginx import free_port, start_nginx

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = start_site(folder / "data", demo="0")
        signed_port, plain_port = free_port(), free_port()
        file = site.data / "videos" / "b.mp4"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(os.urandom(MIB) * (SIZE // MIB))
        code = (
            "import time; from utils.signing import sign; print(sign('/v/b.mp4', expires_at=int(time.time()) + 9000))"
        )
        address = site.manage("shell", "-v", "0", "-c", code).split()[-1]
        nginx = start_nginx(site, signed_port, folder / "nginx", more=PLAIN % (plain_port, file.parent))
        try:
            for port, what in ((signed_port, address), (site.port, address), (plain_port, "/plain/b.mp4")):
                rate(port, what)  # warm
            for label, port, asked in (("nginx, signed", signed_port, 0.90), ("uWSGI, signed", site.port, 0)):
                ratios = []
                for _ in range(ROUNDS):
                    ours, plain = rate(port, address), rate(plain_port, "/plain/b.mp4")
                    ratios.append(ours / plain)
                    print(
                        f"{label} {ours / MIB:6.0f} MiB/s   nginx, unsigned {plain / MIB:6.0f}   ratio {ratios[-1]:.2f}"
                    )
                wanted = f", asked: at least {asked:.2f}" if asked else ""
                print(f"{label}: median ratio {sorted(ratios)[ROUNDS // 2]:.2f}{wanted}")
        finally:
            nginx.terminate()
            nginx.wait(timeout=20)
            site.stop()
            shutil.rmtree(site.data, ignore_errors=True)
            tests.environment.pytest_unconfigure()


if __name__ == "__main__":
    main()

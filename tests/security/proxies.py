"""nginx, haproxy and squid of the system's packages: run on loopback, in a folder of their own, gone at the end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

LONGEST_START = 20.0
GATE, LOGIN = "the gate", "planted-user:planted-proxy-password"

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 64; }}
http {{
  access_log off; gzip on; gzip_min_length 0;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{
    listen 127.0.0.1:{nginx};
    location /through/ {{ proxy_pass http://127.0.0.1:{reach}/; }}
    location /small/ {{ client_max_body_size 1; proxy_pass http://127.0.0.1:{reach}/; }}
    location /down/ {{ proxy_pass http://127.0.0.1:{nobody}/; }}
    location /login/ {{ auth_basic "{gate}"; auth_basic_user_file /dev/null; }}
    location /denied/ {{ deny all; }}
    location /none/ {{ root {folder}/none; }}
    location /busy/ {{ add_header Retry-After 7 always; return 429; }}
    location /portal/ {{ return 302 https://login.example/; }}
    location /packed/ {{
      add_header Content-Encoding br always; add_header Retry-After 15 always; default_type application/json;
      if ($request_method = GET) {{ return 429 "no"; }}
      return 401 "no";
    }}
  }}
  server {{
    listen 127.0.0.1:{nginx_tls} ssl; ssl_certificate {folder}/good.pem; ssl_certificate_key {folder}/good.pem;
    location / {{ proxy_pass http://127.0.0.1:{reach}; }}
  }}
}}
"""
HAPROXY = """
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 300ms
frontend all
  bind 127.0.0.1:{haproxy}
  http-request deny deny_status 407 if {{ hdr_beg(host) reach.test }}
  http-request auth realm "{gate}" if {{ path_beg /login }}
  http-request deny if {{ path_beg /denied }}
  use_backend none if {{ path_beg /down }}
  use_backend silent if {{ path_beg /silent }}
  default_backend reach
backend reach
  server reach 127.0.0.1:{reach}
backend none
backend silent
  server silent 127.0.0.1:{silent}
"""
SQUID = """
http_port 127.0.0.1:{squid} name=open
http_port 127.0.0.1:{squid_gate} name=gate
visible_hostname box
hosts_file {folder}/hosts
auth_param basic program /bin/sh {folder}/users.sh
auth_param basic realm {gate}
acl at_gate myportname gate
acl users proxy_auth REQUIRED
acl denied dstdomain denied.test
http_access deny denied
http_access deny at_gate !users
http_access allow all
cache deny all
cache_mem 8 MB
max_filedescriptors 1024
shutdown_lifetime 0 seconds
pid_filename none
access_log none
cache_log /dev/null
pinger_enable off
"""


def unused_ports(*names: str) -> dict[str, int]:
    """A free port for each."""
    with ExitStack() as held:
        probes = {name: held.enter_context(socket.create_server(("127.0.0.1", 0))) for name in names}
        return {name: int(probe.getsockname()[1]) for name, probe in probes.items()}


@contextmanager
def running(name: str, folder: Path, configuration: str, *ports: int) -> Iterator[None]:
    """
    A program of the system's, from when it takes connections until the end.

    :param name: ``nginx``, ``haproxy`` or ``squid``; where there is none, the test is skipped.
    :param folder: Where its files are put.
    :param configuration: What it is to do.
    :param ports: On which it listens.
    """
    program = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
    if program is None:
        pytest.skip(f"{name} is not installed: apt-get install {name}")
    path = folder / f"{name}.conf"
    path.write_text(configuration)
    commands = {
        "nginx": [program, "-p", str(folder), "-e", str(folder / "start.log"), "-c", str(path)],
        "haproxy": [program, "-db", "-f", str(path)],
        "squid": [program, "-N", "-n", f"reach{os.getpid()}", "-f", str(path)],
    }
    with (folder / f"{name}.out").open("wb") as out:
        process = subprocess.Popen(commands[name], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        _wait(process, folder / f"{name}.out", ports)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], out: Path, ports: tuple[int, ...]) -> None:
    deadline = time.monotonic() + LONGEST_START
    for port in ports:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                said = out.read_text(errors="replace")[-2000:]
                assert process.poll() is None, f"it ended with {process.returncode}: {said}"
                assert time.monotonic() < deadline, f"it does not listen: {said}"
                time.sleep(0.05)

#!/usr/bin/env bash
# nginx sends a DELETE again to the only server there is, and the client is told 404 for what it deleted.
#
# nginx 1.22.1. With `keepalive` in its upstream, nginx takes a connection that breaks before any answer for a stale
# one, and sends GET, PUT and DELETE once more over a new one, though no other server is configured. Where the
# service carried the DELETE out and the connection broke then, the second one finds nothing: 404. POST and PATCH end
# as 502, and so does everything without `keepalive`.
#
# Why it matters: a delete that is answered 404 at its first try may have been this delete. Treat that as deleted, not
# as "somebody else was quicker".
#
# Source: proxy_next_upstream documents that POST, LOCK and PATCH are not passed on to the next server.
. "$(dirname "$0")/_lib.sh"
[[ "$(nginx -v 2>&1)" == "nginx version: nginx/1.22.1" ]] || skip "nginx 1.22.1"
[ -n "$(command -v curl)" ] || skip "curl"

# Carries out what it is asked; the connection then breaks, the first time that a thing is asked for.
cat >"$work/service.py" <<'PY'
import socket
import struct
import sys
import threading

there, broken = {"/PUT", "/POST", "/PATCH", "/GET", "/DELETE"}, set()


def read(connection):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        data = connection.recv(1)
        if not data:
            return None
        head += data
    return head.decode().split(" ")[:2]


def serve(connection):
    while asked := read(connection):
        method, thing = asked
        status = "200 OK" if thing in there or thing == "/" else "404 Not Found"
        if thing != "/":
            print(method, flush=True)
        if method == "DELETE":
            there.discard(thing)
        if thing != "/" and thing not in broken:
            broken.add(thing)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            return
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
PY
free_port() {
    "${PYTHON:-python3}" -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
service=$(free_port)
proxy=$(free_port)
cat >"$work/nginx.conf" <<CONF
daemon off;
master_process off;
pid $work/nginx.pid;
error_log $work/nginx.log;
events {}
http {
    access_log off;
    client_body_temp_path $work/tmp/body;
    proxy_temp_path $work/tmp/proxy;
    fastcgi_temp_path $work/tmp/fastcgi;
    uwsgi_temp_path $work/tmp/uwsgi;
    scgi_temp_path $work/tmp/scgi;
    upstream service { server 127.0.0.1:$service; keepalive 2; }
    server {
        listen 127.0.0.1:$proxy;
        location / { proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; }
    }
}
CONF
: >"$work/asked"
"${PYTHON:-python3}" "$work/service.py" "$service" >>"$work/asked" &
started+=("$!")
start nginx -p "$work" -c "$work/nginx.conf"
ask() {
    curl --silent --fail-with-body --noproxy '*' --output /dev/null --write-out '%{http_code}' \
        --request "$1" "http://127.0.0.1:$proxy/$2"
}
wait_for ask GET ""
for method in GET PUT DELETE POST PATCH; do
    ask GET "" >"$work/log" # leaves a connection to take again
    : >"$work/asked"
    status=$(ask "$method" "$method") || true
    echo "$method: the client is told $status, the service was asked $(wc -l <"$work/asked") times"
done | tee "$work/seen"

expect <<'SEEN'
GET: the client is told 200, the service was asked 2 times
PUT: the client is told 200, the service was asked 2 times
DELETE: the client is told 404, the service was asked 2 times
POST: the client is told 502, the service was asked 1 times
PATCH: the client is told 502, the service was asked 1 times
SEEN

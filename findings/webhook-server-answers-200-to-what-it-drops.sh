#!/usr/bin/env bash
# The `webhook` server answers 200 to events that it does not take, so their sender never sends them again.
#
# webhook 2.8.0, as Debian packages it. A hook whose rule is not met answers 200 with a sentence; so does one whose
# command fails, unless its output is part of the answer. A rule on a top-level array, which is what e-mail services
# send, has to begin with "root": one written as for an object is never met, and that again is a 200.
#
# Why it matters: a sender that counts 200 as delivered, as Reach does, reports perfect health while every event is
# dropped, and its test of the target passes. Set trigger-rule-mismatch-http-response-code, and
# include-command-output-in-response.
#
# Source: both settings and the "root" are documented; the default status is, too.
. "$(dirname "$0")/_lib.sh"
[[ "$(webhook -version 2>/dev/null)" == "webhook version 2.8.0" ]] || skip "webhook 2.8.0"
[ -n "$(command -v curl)" ] || skip "curl"

rule() {
    echo "{\"match\": {\"type\": \"value\", \"value\": \"$1\", \"parameter\": {\"source\": \"$2\", \"name\": \"$3\"}}}"
}
mismatch='"trigger-rule-mismatch-http-response-code": 403'
cat >"$work/hooks.json" <<JSON
[
  {"id": "token", "execute-command": "/bin/true", "trigger-rule": $(rule right header X-Token)},
  {"id": "token-403", "execute-command": "/bin/true", "trigger-rule": $(rule right header X-Token), $mismatch},
  {"id": "array", "execute-command": "/bin/true", "trigger-rule": $(rule delivery payload 0.msys.message_event.type)},
  {"id": "root", "execute-command": "/bin/true", "response-message": "taken",
   "trigger-rule": $(rule delivery payload root.0.msys.message_event.type)},
  {"id": "failing", "execute-command": "/bin/false", "response-message": "taken"},
  {"id": "failing-shown", "execute-command": "/bin/false", "include-command-output-in-response": true}
]
JSON
port=$("${PYTHON:-python3}" -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
start webhook -hooks "$work/hooks.json" -ip 127.0.0.1 -port "$port"
post() {
    curl --silent --show-error --noproxy '*' --write-out ' (%{http_code})\n' --header 'Content-Type: application/json' \
        --header 'X-Token: wrong' --data '[{"msys": {"message_event": {"type": "delivery"}}}]' \
        "http://127.0.0.1:$port/hooks/$1"
}
wait_for post root
for hook in token token-403 array root failing failing-shown; do
    echo "$hook: $(post "$hook")"
done | tee "$work/seen"

expect <<'SEEN'
token: Hook rules were not satisfied. (200)
token-403: Hook rules were not satisfied. (403)
array: Hook rules were not satisfied. (200)
root: taken (200)
failing: taken (200)
failing-shown: Error occurred while executing the hook's command. Please check your logs for more details. (500)
SEEN

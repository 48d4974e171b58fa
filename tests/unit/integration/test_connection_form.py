from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import airflow
import pytest
from airflow.providers.common.compat.sdk import BaseHook, Connection
from airflow.secrets.local_filesystem import load_connections_dict

from airflow_provider_reach.core.config import ReachConfig
from airflow_provider_reach.core.errors import ReachConfigError
from airflow_provider_reach.integration.connection_form import EXTRA_FIELDS
from airflow_provider_reach.integration.reach_connection import read_connection, unknown_extras
from airflow_provider_reach.sandbox import Sandbox

KEY = "planted-api-key-4711"
WORKSPACE = "0b7ee2a5-6f4e-4e52-8ef8-3e2c1d9e6f10"
EU = "https://email.eu-west-1.api.bird.com/api"
US = "https://email.us-west-1.api.bird.com/api"
AIRFLOW_3_MISSED = pytest.mark.skipif(
    airflow.__version__.startswith(("3.0.", "3.1.")), reason="it takes such a connection for one that is not there"
)
AIRFLOW_2_WARNS = pytest.mark.filterwarnings("ignore:Encountered (non-JSON|JSON value) in `extra`:DeprecationWarning")


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads a connection that the environment holds as the given text, through Airflow itself."""

    def given(text: str) -> Any:
        monkeypatch.setenv("AIRFLOW_CONN_REACH_TEST", text)
        return BaseHook.get_connection("reach_test")

    return given


def as_json(extra: Any = None, **fields: Any) -> str:
    whole = {"conn_type": "reach", "password": KEY, "host": "https://reach.example/api"}
    return json.dumps(whole | {"extra": {"workspace_id": WORKSPACE} if extra is None else extra} | fields)


def refused(conn: Any) -> ReachConfigError:
    with pytest.raises(ReachConfigError) as raised:
        read_connection(conn)
    assert KEY not in f"{raised.value} {raised.value!r}"
    return raised.value


ALL_AS_TEXT = ReachConfig("https://reach.example:8443/api", WORKSPACE, KEY, "Bearer", 12.5)
EXTRAS_AS_TEXT = {
    "workspace_id": WORKSPACE.upper(),
    "region": "us",
    "auth_scheme": "bearer",
    "timeout": "12.5",
    "allow_http": "false",
}


@pytest.mark.parametrize(
    "text",
    [
        f"reach://:{KEY}@reach.example:8443/api?" + "&".join(f"{k}={v}" for k, v in EXTRAS_AS_TEXT.items()),
        f"reach://:{KEY}@/?__extra__={quote(json.dumps(EXTRAS_AS_TEXT))}".replace("@/", "@reach.example:8443/api"),
        as_json(EXTRAS_AS_TEXT, host="reach.example", port="8443", schema="api"),
        as_json(json.dumps(EXTRAS_AS_TEXT), host=" https://reach.example:8443/api/ "),
    ],
    ids=["URI", "URI, extras nested", "JSON, extras nested", "JSON, extras as text"],
)
def test_every_value_may_be_text(text: str, given: Any) -> None:
    assert read_connection(given(text)) == ALL_AS_TEXT


@pytest.mark.parametrize(
    ("between", "base_url"),
    [
        ("reach://:KEY@reach.example?", "https://reach.example"),
        ("reach://:KEY@reach.example/api?", "https://reach.example/api"),
        ("reach://:KEY@reach.example:8443/api/v2/?", "https://reach.example:8443/api/v2"),
        ("reach://https://:KEY@reach.example:8443/api?", "https://reach.example:8443/api"),
        ("reach://http://:KEY@127.0.0.1:8000/api?", "http://127.0.0.1:8000/api"),
        ("reach://:KEY@http%3A%2F%2F127.0.0.1%3A8000%2Fapi?", "http://127.0.0.1:8000/api"),
        ("reach://http://:KEY@[::1]:8000/api?", "http://[::1]:8000/api"),
        ("reach://:KEY@[::1]/api?", "http://[::1]/api"),
        ("reach://:KEY@127.0.0.1:8000/api?", "http://127.0.0.1:8000/api"),
        ("reach://:KEY@?region=eu&", EU),
        ("reach://:KEY@?region=US&", US),
        ("reach://:KEY@reach.example/api?region=eu&", "https://reach.example/api"),
        ("reach://:KEY@reach.example/api?region=&timeout=&auth_scheme=&allow_http=&", "https://reach.example/api"),
    ],
)
def test_the_base_url_of_a_uri(between: str, base_url: str, given: Any) -> None:
    config = read_connection(given(f"{between.replace('KEY', KEY)}workspace_id={WORKSPACE}"))

    assert config == ReachConfig(base_url, WORKSPACE, KEY)


@pytest.mark.parametrize(
    "fields",
    [
        {"host": "https://reach.example:8443/api"},
        {"host": "https://reach.example:8443", "schema": "api"},
        {"host": "https://reach.example", "port": 8443, "schema": "api"},
        {"host": "reach.example", "port": 8443, "schema": "api"},
        {"host": "reach.example:8443/api/"},
        {"host": "https://reach.example:8443/api", "port": 443, "schema": "/api/"},
        {"host": "reach.example:8443/api", "schema": "https"},
        {"host": "reach.example/api", "port": 8443, "schema": "HTTPS"},
        {"host": "https://reach.example:8443/api", "schema": " https "},
    ],
)
def test_a_host_with_and_without_its_scheme_port_and_path(fields: dict[str, Any], given: Any) -> None:
    assert read_connection(given(as_json(**fields))).base_url == "https://reach.example:8443/api"


@pytest.mark.parametrize(
    ("fields", "base_url"),
    [
        ({"host": "127.0.0.1:8000/api", "schema": "http"}, "http://127.0.0.1:8000/api"),
        ({"host": "127.0.0.1:8000/api", "schema": "https"}, "https://127.0.0.1:8000/api"),
        ({"host": "127.0.0.1", "port": 8000, "schema": "https"}, "https://127.0.0.1:8000"),
        ({"host": "http://127.0.0.1:8000/api", "schema": "http"}, "http://127.0.0.1:8000/api"),
        ({"host": "gateway.example", "schema": "reach/api"}, "https://gateway.example/reach/api"),
        ({"host": "gateway.example", "schema": "mail/reach-eu/api/v1"}, "https://gateway.example/mail/reach-eu/api/v1"),
        ({"host": "", "schema": "https", "extra": {"workspace_id": WORKSPACE, "region": "eu"}}, EU),
    ],
)
def test_a_schema_of_http_or_https_is_the_scheme(fields: dict[str, Any], base_url: str, given: Any) -> None:
    assert read_connection(given(as_json(**fields))).base_url == base_url


WHOLE = json.dumps({"conn_type": "reach", "login": None, "password": KEY, "host": "https://reach.example/api"})


@pytest.mark.parametrize("host", ["", "reach.example", "https://reach.example", "https://reach.example/api"])
@pytest.mark.parametrize(
    "schema",
    [KEY, f"AccessKey {KEY}", "hunter2", "ftp", "v2", f"api/{KEY}", f"{KEY}/v1", f"api?key={KEY}", WHOLE, WHOLE[1:]],
)
def test_any_other_schema_is_refused_and_not_shown(schema: str, host: str, given: Any) -> None:
    conn = given(as_json({"workspace_id": WORKSPACE, "region": "eu"}, host=host, schema=schema))

    [problem] = refused(conn).problems
    assert problem.startswith("schema holds ")
    assert ("a whole connection in JSON" in problem) is (KEY in schema and "conn_type" in schema)
    assert "hunter2" not in problem
    assert schema not in problem or schema in ("ftp", "v2")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"host": "http://127.0.0.1/api", "schema": "https"}, "schema says https, and host says http: "),
        ({"host": "https://reach.example/api", "schema": "http"}, "schema says http, and host says https: "),
        ({"host": "https://reach.example/api", "schema": "v1/api"}, "schema holds another path than host: "),
        ({"host": "", "schema": "http"}, "schema says http, and there is no host: "),
        ({"host": "", "schema": "api"}, "schema holds a path, and there is no host: "),
        ({"host": "reach.example", "schema": "http"}, "host is plain http, which would send the API key in clear"),
    ],
)
def test_a_schema_that_contradicts_the_host_is_refused(fields: dict[str, Any], said: str, given: Any) -> None:
    [problem] = refused(given(as_json({"workspace_id": WORKSPACE, "region": "eu"}, **fields))).problems
    assert problem.startswith(said)


@pytest.mark.parametrize(
    "text", [f"reach://{KEY}@reach.example/api?workspace_id={WORKSPACE}", None], ids=["URI", "JSON"]
)
def test_a_key_in_the_login_is_told_where_it_belongs(text: str | None, given: Any) -> None:
    error = refused(given(text or as_json(login=KEY, password="")))

    assert error.problems == [
        "password is missing, and login is not: if login holds the API key, move it to password (in a URI it stands "
        "behind a colon: reach://:KEY@...)."
    ]


def test_a_login_beside_the_key_is_not_looked_at(given: Any) -> None:
    assert read_connection(given(as_json(login="anybody"))).api_key == KEY


@pytest.mark.parametrize("place", ["schema", "login", "workspace_id", "region", "timeout", "allow_http", "auth_scheme"])
def test_a_key_in_the_wrong_place_is_shown_nowhere(place: str, given: Any) -> None:
    extra = {"workspace_id": WORKSPACE, "region": "eu", "misspelt": 1}
    fields = {place: KEY} if place in ("schema", "login") else {"extra": {**extra, place: KEY}}

    error = refused(given(as_json(**{"extra": extra, "password": "", "host": "", **fields})))

    assert any(problem.startswith(place) for problem in error.problems) or place == "login"
    assert "misspelt" in error.problems[-1]


def test_an_export_of_airflow_that_comes_back_broken_is_told_as_such(tmp_path: Path) -> None:
    """An env file with JSON in it, which ``airflow connections export`` writes, is read by its import as URIs."""
    exported = tmp_path / "exported.env"
    whole = {"conn_type": "reach", "login": None, "password": KEY, "host": "https://reach.example/api", "extra": "{}"}
    exported.write_text(f"reach_test={json.dumps(whole)}\n")

    conn = load_connections_dict(str(exported))["reach_test"]

    assert KEY in str(conn.schema)
    assert "schema holds a whole connection in JSON" in refused(conn).problems[0]


def test_what_airflow_exports_means_the_same(given: Any) -> None:
    conn = Connection(
        conn_id="reach_test",
        conn_type="reach",
        host="http://127.0.0.1:8000/api",
        password="a/key:with@odd%characters?",
        extra=json.dumps({"workspace_id": WORKSPACE, "timeout": 12, "allow_http": True}),
    )

    assert read_connection(given(conn.get_uri())) == read_connection(conn)
    assert read_connection(conn).api_key == "a/key:with@odd%characters?"


def test_the_sandboxes_own(reach: Sandbox, given: Any) -> None:
    assert read_connection(given(reach.connection_json)) == ReachConfig(
        reach.base_url, reach.workspace_id, reach.api_key
    )


@AIRFLOW_2_WARNS
@AIRFLOW_3_MISSED
@pytest.mark.parametrize("extra", [[1], "[1]", 7, "7", "", {}])
def test_extras_that_hold_nothing(extra: Any, given: Any) -> None:
    conn = given(as_json(extra))

    assert [problem.split()[0] for problem in refused(conn).problems] == ["workspace_id"]
    assert unknown_extras(conn) == []


@AIRFLOW_2_WARNS
@AIRFLOW_3_MISSED
def test_extras_that_are_no_json(given: Any) -> None:
    assert "workspace_id is missing: add it to the extras" in str(refused(given(as_json("workspace_id=7"))))


def test_extras_that_mean_nothing_are_named(given: Any) -> None:
    conn = given(as_json({"workspace_id": WORKSPACE, "workspace": "x", "Timeout": 3, "": None}))

    assert unknown_extras(conn) == ["", "Timeout", "workspace"]
    assert read_connection(conn).timeout == 30


def test_extras_that_airflow_2_s_test_button_names_twice_are_known(given: Any) -> None:
    twice = {"workspace_id": WORKSPACE, "extra__reach__workspace_id": WORKSPACE}

    assert unknown_extras(given(as_json(twice))) == []
    assert unknown_extras(given(as_json({"extra__reach__workspace_id": WORKSPACE}))) == ["extra__reach__workspace_id"]


def test_everything_missing_is_said_at_once(given: Any) -> None:
    error = refused(given(json.dumps({"conn_type": "reach"})))

    assert str(error).startswith("Connection 'reach_test' cannot be used:\n")
    assert "region is missing: set it to 'eu', 'us', 'eu-west-1', 'us-west-1' or 'us-west-2', or set host" in str(error)
    assert "workspace_id is missing: add it to the extras" in str(error)
    assert "password is missing: set it to the API key" in str(error)
    assert len(error.problems) == 3


def test_everything_wrong_is_said_at_once(given: Any) -> None:
    extra = {
        "workspace_id": "ws_12345",
        "auth_scheme": "Basic",
        "timeout": "soon",
        "allow_http": "perhaps",
    }
    error = refused(given(as_json(extra, host="http://reach.example/api", password=f"Bearer {KEY}")))

    assert {problem.split()[0] for problem in error.problems} == {
        "host",
        "password",
        "workspace_id",
        "auth_scheme",
        "timeout",
        "allow_http",
    }
    assert all(f"\n  - {problem}" in str(error) for problem in error.problems)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"password": f"Bearer {KEY}"}, "set it to the bare key, without 'AccessKey' or 'Bearer' before it"),
        ({"password": f"AccessKey {KEY}"}, "set it to the bare key, without 'AccessKey' or 'Bearer' before it"),
        ({"password": f"{KEY}\r\nX-Forged: 1"}, "set it to the bare key"),
        ({"password": f"{KEY}é"}, "set it to the bare key"),
        ({"password": "  "}, "password is missing: set it to the API key"),
        ({"host": "", "extra": {"workspace_id": WORKSPACE, "region": "mars"}}, "region 'mars' is not known"),
        ({"host": "https://reach.example:port/api"}, "host is not a URL: set it to a base URL such as https://"),
        ({"host": "https:///api"}, "host is not a URL: set it to a base URL such as https://"),
        ({"host": "https://reach example/api"}, "host is not a URL: set it to a base URL such as https://"),
        ({"host": f"https://user:{KEY}@reach.example:8443"}, "host holds a user name or password: take them out"),
        ({"host": f"https://reach.example/api?key={KEY}"}, "host holds a '?' or '#': set it to the base URL alone"),
        ({"host": "ftp://reach.example/api"}, "host starts with 'ftp': only https is known"),
        ({"extra": {"workspace_id": "ws_1"}}, "workspace_id 'ws_1' is not a UUID: it looks like 01234567-89ab-"),
        ({"extra": {"workspace_id": WORKSPACE.replace("-", "")}}, "is not a UUID: it looks like 01234567-89ab-"),
        ({"extra": {"workspace_id": f"{WORKSPACE}/../x"}}, "is not a UUID: it looks like 01234567-89ab-"),
        ({"extra": {"workspace_id": WORKSPACE, "timeout": 0}}, "timeout '0' is not a number of seconds above 0"),
        ({"extra": {"workspace_id": WORKSPACE, "timeout": "nan"}}, "timeout 'nan' is not a number of seconds above 0"),
        ({"extra": {"workspace_id": WORKSPACE, "timeout": 301}}, "up to 300"),
        ({"extra": {"workspace_id": WORKSPACE, "allow_http": "2"}}, "allow_http '2' is neither true nor false"),
        ({"extra": {"workspace_id": WORKSPACE, "auth_scheme": KEY}}, "auth_scheme is not known: set it to 'AccessKey'"),
    ],
)
def test_a_wrong_value_is_named_with_how_to_set_it(fields: dict[str, Any], said: str, given: Any) -> None:
    error = refused(given(as_json(**fields)))

    assert len(error.problems) == 1
    assert said in str(error)


@pytest.mark.parametrize(
    ("host", "allow_http", "fine"),
    [
        ("https://reach.example/api", None, True),
        ("http://127.0.0.1:8000/api", None, True),
        ("http://127.8.9.10/api", None, True),
        ("http://localhost:8000/api", "false", True),
        ("http://[::1]:8000/api", None, True),
        ("http://reach.example/api", None, False),
        ("http://reach.example/api", "", False),
        ("http://reach.example/api", False, False),
        ("http://reach.example/api", "no", False),
        ("http://reach.example/api", True, True),
        ("http://reach.example/api", "True", True),
        ("http://reach.example/api", "1", True),
        ("http://127.0.0.1.reach.example/api", None, False),
        ("http://localhost.reach.example/api", None, False),
        ("http://0.0.0.0/api", None, False),
        ("HTTP://reach.example/api", None, False),
    ],
)
def test_the_key_goes_to_https_or_this_machine_or_where_it_is_allowed(
    host: str, allow_http: Any, fine: bool, given: Any
) -> None:
    conn = given(as_json({"workspace_id": WORKSPACE, "allow_http": allow_http}, host=host))

    if fine:
        assert read_connection(conn).base_url == host
    else:
        assert "use https, or set allow_http to true in the extras" in str(refused(conn))


def test_the_key_is_in_no_repr(given: Any) -> None:
    assert KEY not in repr(read_connection(given(as_json())))


def test_a_key_of_another_api_is_warned_of(given: Any) -> None:
    assert "another of Bird's APIs" in read_connection(given(as_json(password="bk_eu1_something"))).warnings[0]
    assert read_connection(given(as_json())).warnings == []


def test_every_field_of_the_form_is_read(given: Any) -> None:
    wrong = dict.fromkeys(EXTRA_FIELDS, "\x00")

    said = " ".join(refused(given(as_json(wrong, host=""))).problems)

    assert all(name in said for name in EXTRA_FIELDS)


def test_the_name_of_an_extra_forges_no_line_of_a_log(given: Any) -> None:
    assert unknown_extras(given(as_json({"a\x1b[31mb\nFAKE": 1}))) == ["a [31mb FAKE"]

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core.config import (
    DEFAULT_OUTAGE_TOLERANCE,
    REGIONS,
    ReachConfig,
    is_loopback,
    read_config,
)
from airflow_provider_reach.core.errors import ReachConfigError
from airflow_provider_reach.core.text import is_uuid
from tests.unit.core.helpers import ID, bounded, nested

GOOD: dict[str, Any] = {"api_key": "k3y-0123456789", "workspace_id": ID, "region": "eu"}


def problems(**changes: Any) -> list[str]:
    with pytest.raises(ReachConfigError) as refused:
        read_config(**{**GOOD, **changes})
    return refused.value.problems


def test_the_least_that_is_needed() -> None:
    config = read_config(**GOOD)
    assert config == ReachConfig(
        base_url="https://email.eu-west-1.api.bird.com/api",
        workspace_id=ID,
        api_key="k3y-0123456789",
        auth_scheme="AccessKey",
        timeout=30.0,
    )
    assert config.warnings == []


@pytest.mark.parametrize(
    ("region", "place"),
    [
        ("eu", "eu-west-1"),
        ("US", "us-west-1"),
        (" us ", "us-west-1"),
        ("eu-west-1", "eu-west-1"),
        ("us-west-1", "us-west-1"),
        ("US-West-2\n", "us-west-2"),
    ],
)
def test_a_region_is_a_base_url(region: str, place: str) -> None:
    config = read_config(**{**GOOD, "region": region})
    assert config.base_url == f"https://email.{place}.api.bird.com/api"
    assert config.region == region.strip().lower()


def test_every_region_is_a_host_of_the_service_s_own_over_https() -> None:
    for base_url in REGIONS.values():
        parts = urlsplit(base_url)
        assert parts.scheme == "https"
        assert parts.netloc.endswith(".api.bird.com")
        assert parts.path == "/api"


def test_where_a_region_is_from_makes_no_other_connection_of_it() -> None:
    by_region, by_host = read_config(**GOOD), read_config(**{**GOOD, "base_url": REGIONS["eu"]})
    assert by_region == by_host
    assert hash(by_region) == hash(by_host)
    assert (by_region.region, by_host.region) == ("eu", "")


def test_a_login_in_place_of_the_key_is_told_of_only_where_there_is_none() -> None:
    assert read_config(**GOOD, key_in_login=True).api_key == GOOD["api_key"]
    [problem] = problems(api_key=" ", key_in_login=True)
    assert problem.startswith("password is missing, and login is not: if login holds the API key, move it to password")
    [problem] = problems(api_key=" ")
    assert problem.startswith("password is missing: set it to the API key")


@pytest.mark.parametrize("field", ["workspace_id", "region", "timeout", "allow_http", "auth_scheme"])
@pytest.mark.parametrize("key", ["pl4nted-k3y-01234567", "AccessKey pl4nted-k3y-01234567", "Pl4nted/+k3y0123456789=="])
def test_a_key_in_the_wrong_field_is_not_shown(field: str, key: str) -> None:
    [problem] = problems(**{field: key})
    assert problem.startswith(field)
    assert "4nted" not in problem


@pytest.mark.parametrize(
    "text", ["ws_0123456789abcdefgh", ID.replace("-", ""), ID[:-1], f"{{{ID}}}", "short-text-15ch"]
)
def test_what_is_no_key_is_shown(text: str) -> None:
    [problem] = problems(workspace_id=text)
    assert f"workspace_id '{text}' is not a UUID" in problem


@pytest.mark.parametrize(
    ("host", "base_url"),
    [
        ("https://email.us-west-2.api.bird.com/api", "https://email.us-west-2.api.bird.com/api"),
        ("https://reach.example.com:8443/api/", "https://reach.example.com:8443/api"),
        ("reach.example.com/api", "https://reach.example.com/api"),
        ("https://reach.example.com/X/", "https://reach.example.com/X"),
        ("localhost:8080", "http://localhost:8080"),
        ("127.0.0.1:8080/api", "http://127.0.0.1:8080/api"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080/api", "http://127.0.0.1:8080/api"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_the_host_overrides_the_region(host: str, base_url: str) -> None:
    assert read_config(**{**GOOD, "region": "mars", "base_url": host}).base_url == base_url


def test_every_value_may_be_text() -> None:
    config = read_config(
        api_key=" key ",
        workspace_id=f" {ID.upper()} ",
        base_url="http://reach.internal",
        auth_scheme="bearer",
        timeout="12.5",
        allow_http="True",
    )
    assert config == ReachConfig("http://reach.internal", ID, "key", "Bearer", 12.5)


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_an_empty_value_counts_as_not_given(empty: str | None) -> None:
    given = {**GOOD, "base_url": empty, "auth_scheme": empty, "timeout": empty, "allow_http": empty}
    assert read_config(**given) == read_config(**GOOD)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"api_key": None}, "password is missing"),
        ({"api_key": "  "}, "password is missing"),
        ({"api_key": "AccessKey s3cr3t"}, "set it to the bare key"),
        ({"api_key": "s3cr3t\r\nX-Other: 1"}, "set it to the bare key"),
        ({"api_key": "s3cr3t-ß"}, "set it to the bare key"),
        ({"workspace_id": None}, "workspace_id is missing: add it to the extras"),
        ({"workspace_id": None}, "in the dashboard's address and under Settings."),
        ({"workspace_id": "ws_123"}, "workspace_id 'ws_123' is not a UUID"),
        ({"workspace_id": ID.replace("-", "")}, "is not a UUID"),
        ({"workspace_id": f"{ID}/../x"}, "is not a UUID"),
        ({"region": None}, "region is missing: set it to 'eu', 'us', 'eu-west-1', 'us-west-1' or 'us-west-2', or set "),
        ({"region": "mars"}, "region 'mars' is not known"),
        ({"base_url": "https://"}, "host is not a URL"),
        ({"base_url": "https://a b.example.com"}, "host is not a URL"),
        ({"base_url": "https://a\x00b.example.com"}, "host is not a URL"),
        ({"base_url": "https://h:port/api"}, "host is not a URL"),
        ({"base_url": "https://[::1"}, "host is not a URL"),
        ({"base_url": "https://user:s3cr3t@h/api"}, "take them out"),
        ({"base_url": "https://s3cr3t@h/api"}, "take them out"),
        ({"base_url": "https://h/api?s3cr3t=1"}, "host holds a '?' or '#'"),
        ({"base_url": "https://h/api?"}, "host holds a '?' or '#'"),
        ({"base_url": "https://h/api#"}, "host holds a '?' or '#'"),
        ({"base_url": "ftp://h/api"}, "host starts with 'ftp': only https"),
        ({"base_url": "http://reach.example.com"}, "would send the API key in clear"),
        ({"base_url": "http://10.0.0.1", "allow_http": "no"}, "would send the API key in clear"),
        ({"base_url": "http://localhost.example.com"}, "would send the API key in clear"),
        ({"allow_http": "perhaps"}, "allow_http 'perhaps' is neither true nor false"),
        ({"auth_scheme": "s3cr3t"}, "auth_scheme is not known: set it to 'AccessKey' or 'Bearer'"),
        ({"timeout": "soon"}, "timeout 'soon' is not a number of seconds"),
        ({"timeout": 0}, "timeout '0' is not a number"),
        ({"timeout": "300.1"}, "is not a number"),
        ({"timeout": "nan"}, "is not a number"),
        ({"timeout": True}, "is not a number"),
    ],
)
def test_what_is_wrong_is_said_with_how_to_set_it(changes: dict[str, Any], says: str) -> None:
    [problem] = problems(**changes)
    assert says in problem
    assert "s3cr3t" not in problem


def test_one_error_names_all_that_is_wrong() -> None:
    with pytest.raises(ReachConfigError, match=r"^connection 'reach_eu' cannot be used:\n") as refused:
        read_config(api_key="", auth_scheme="Basic", timeout="-1", allow_http="?", where="connection 'reach_eu'")
    named = {problem.split()[0] for problem in refused.value.problems}
    assert named == {"password", "workspace_id", "region", "auth_scheme", "timeout", "allow_http"}


@pytest.mark.parametrize("flag", ["true", "1", "YES", "on", True, 1])
def test_plain_http_where_it_is_allowed(flag: object) -> None:
    assert read_config(**{**GOOD, "base_url": "http://reach.internal", "allow_http": flag}).base_url


@pytest.mark.parametrize("flag", ["", "false", "0", "NO", "off", False, 0])
def test_plain_http_where_it_is_not(flag: object) -> None:
    [problem] = problems(base_url="http://reach.internal", allow_http=flag)
    assert "in clear" in problem


def test_a_flag_that_cannot_be_read_allows_nothing() -> None:
    assert len(problems(base_url="http://reach.internal", allow_http="perhaps")) == 2


def test_a_minute_is_the_patience_of_who_says_nothing() -> None:
    assert DEFAULT_OUTAGE_TOLERANCE == 60.0


@pytest.mark.parametrize("timeout", ["300", 0.1])
def test_a_timeout_at_its_limits(timeout: object) -> None:
    assert read_config(**{**GOOD, "timeout": timeout}).timeout == float(str(timeout))


def test_a_key_of_another_api_is_only_warned_of() -> None:
    [warning] = read_config(**{**GOOD, "api_key": "bk_123"}).warnings
    assert "another of Bird's APIs" in warning


def test_the_key_is_not_in_the_repr() -> None:
    assert "k3y" not in repr(read_config(**GOOD))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["example.com", "10.0.0.1", "localhost.example.com", "::2", "0.0.0.0"])
def test_another_machine(host: str) -> None:
    assert not is_loopback(host)


@bounded
@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.text(max_size=40)
            for name in ("workspace_id", "base_url", "region", "auth_scheme", "timeout", "allow_http", "where")
        },
    )
)
def test_any_text_is_taken_or_refused_by_name_and_the_key_never_told(given_: dict[str, str]) -> None:
    try:
        config = read_config(api_key="pl4nted-s3cret", **given_)
    except ReachConfigError as refused:
        assert "pl4nted" not in str(refused)
        assert refused.problems
    else:
        assert is_uuid(config.workspace_id)


@pytest.mark.parametrize("name", ["workspace_id", "region", "auth_scheme", "timeout", "allow_http"])
@pytest.mark.parametrize("value", [10**5000, nested(100_000)], ids=["number", "list"])
def test_a_value_that_is_no_text_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ReachConfigError, match=name):
        read_config(**{"api_key": "key", "workspace_id": ID, name: value})


def test_a_value_that_cannot_be_shown_is_told_as_such() -> None:
    [problem] = problems(workspace_id=10**5000)
    assert "int that cannot be shown" in problem


def test_no_repr_shows_the_key() -> None:
    config = read_config(**GOOD)
    assert repr(config.api_key) == "'***'"
    assert GOOD["api_key"] not in repr([config, config.api_key])
    assert config.api_key == GOOD["api_key"]


def test_a_host_that_libraries_read_differently_is_refused() -> None:
    [problem] = problems(base_url="https://a.example.com\\b.example.com/api")
    assert problem.startswith("host holds what belongs in no host's name or port")

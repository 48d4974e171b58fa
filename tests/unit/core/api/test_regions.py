"""Which errors name the other of two hosts, and which do not."""

from __future__ import annotations

import pytest

from airflow_provider_reach.core.api.exchange import ask
from airflow_provider_reach.core.api.operations import get_webhook, list_webhooks
from airflow_provider_reach.core.api.regions import other_host, twin_of, with_hint
from airflow_provider_reach.core.api.responses import Failure
from airflow_provider_reach.core.config import REGIONS, ReachConfig, read_config
from tests.unit.core.helpers import ID, Reply, answer, ask_context, play, refused, results

NO_SUCH_HOST = Failure("unreachable", "[Errno -2] Name or service not known")
SET_2 = " If the workspace is in us-west-2, set the connection's region to us-west-2."
SET_1 = " If the workspace is in us-west-1, set the connection's region to us-west-1."


def config(region: str = "us", base_url: str = "") -> ReachConfig:
    return read_config(api_key="k3y-123", workspace_id=ID, region=region, base_url=base_url)


def said(reply: Reply, asked: ReachConfig, by_id: bool = False) -> str:
    call = get_webhook(ID) if by_id else list_webhooks()
    return str(play(with_hint(ask(call, ask_context(0.0)), asked), reply).error)


def unhinted(reply: Reply, by_id: bool = False) -> str:
    return str(play(ask(get_webhook(ID) if by_id else list_webhooks(), ask_context(0.0)), reply).error)


@pytest.mark.parametrize(
    "reply",
    [
        refused(401),
        refused(403),
        refused(404),
        answer(b"", 404),
        NO_SUCH_HOST,
        Failure("unreachable", "[Errno -3] Temporary failure in name resolution"),
        Failure("unreachable", "Failed to resolve 'email.us-west-1.api.bird.com'"),
        Failure("unreachable", "[Errno 11001] getaddrinfo failed"),
        Failure("unreachable", "nodename nor servname provided, or not known"),
        Failure("unreachable", "[Errno -5] No address associated with hostname"),
        Failure("unreachable", "[Errno -2] Name does not resolve"),
        Failure("unreachable", "Domain name not found"),
        Failure("unreachable", "DNS server returned answer with no data"),
    ],
)
def test_what_the_wrong_host_answers_names_the_other(reply: Reply) -> None:
    assert said(reply, config()).endswith(SET_2)
    assert said(reply, config("us-west-1")).endswith(SET_2)
    assert said(reply, config("us-west-2")).endswith(SET_1)
    assert said(reply, config(base_url=REGIONS["us-west-2"])).endswith(SET_1[:-1] + ", and leave its host empty.")
    assert said(reply, config("eu")) == said(reply, config(base_url="https://reach.example/api")) == unhinted(reply)


@pytest.mark.parametrize(
    "reply",
    [
        refused(400),
        refused(429),
        refused(500),
        answer(b"<html>Not here", 404),
        Failure("unreachable", "[Errno 111] Connection refused"),
        Failure("unreachable", "certificate verify failed"),
        Failure("busy", "none of the 20 connections became free"),
        Failure("timeout", "read timed out"),
        Failure("lost", "reset"),
    ],
)
def test_what_says_nothing_of_the_host_names_none(reply: Reply) -> None:
    assert said(reply, config()) == unhinted(reply)


def test_a_webhook_that_is_not_there_says_nothing_of_the_host() -> None:
    assert said(refused(404), config(), by_id=True) == unhinted(refused(404), by_id=True)
    assert said(refused(401), config(), by_id=True).endswith(SET_2)


def test_an_answer_is_what_it_is() -> None:
    played = play(with_hint(ask(list_webhooks(), ask_context(0.0)), config()), results([]))
    assert played.result.webhooks == []


def test_only_us_leaves_open_which_of_two_hosts_it_is() -> None:
    other = other_host(config())
    assert other is not None
    assert (other.base_url, other.region) == (REGIONS["us-west-2"], "us-west-2")
    assert (other.api_key, other.workspace_id) == ("k3y-123", ID)
    for region in ("eu", "eu-west-1", "us-west-1", "us-west-2"):
        assert other_host(config(region)) is None
    assert other_host(config(base_url=REGIONS["us"])) is None
    assert [twin_of(config(region)) for region in ("us", "us-west-1", "us-west-2", "eu")] == [
        "us-west-2",
        "us-west-2",
        "us-west-1",
        "",
    ]

from __future__ import annotations

import pytest

from airflow_provider_reach.core.target import advice
from airflow_provider_reach.core.target.advice import advice_for


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (["401", "403"], ["fuses the credentials", "old ones"]),
        (["404", "410"], ["bring the old URL back"]),
        (["413"], ["raise its limit for request bodies"]),
        (["429", "500", "503", "599"], ["store the raw batch, answer 200"]),
        (["no response", "no response in time"], ["within 10 s", "DNS, TLS", "firewall"]),
        (["201", "204", "200 with a failure code"], ["only exactly 200 counts"]),
        (
            ["301", "307", "308"],
            ["redirects are not followed", "200 at the old URL", "final URL", "with or without a slash at its end"],
        ),
    ],
)
def test_the_same_advice_is_given_once_and_says_what_to_do(answers: list[str], says: list[str]) -> None:
    [sentence] = advice_for(answers)
    assert [text for text in says if text not in sentence] == []


@pytest.mark.parametrize(
    ("codes", "says"),
    [
        (
            [
                "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
                "SELF_SIGNED_CERT_IN_CHAIN",
                "DEPTH_ZERO_SELF_SIGNED_CERT",
                "CERT_HAS_EXPIRED",
                "ERR_TLS_CERT_ALTNAME_INVALID",
            ],
            ["does not accept the target's TLS certificate", "whole chain", "host name", "self-signed"],
        ),
        (["EPROTO", "ERR_SSL_WRONG_VERSION_NUMBER"], ["TLS handshake", "certificate", "takes https"]),
        (["ENOTFOUND", "EAI_AGAIN"], ["host name cannot be resolved", "DNS record"]),
        (["ECONNREFUSED"], ["refuses connections", "is up", "port"]),
        (["ETIMEDOUT", "ESOCKETTIMEDOUT"], ["within 10 s", "firewall"]),
        (["ECONNRESET", "EPIPE", "HPE_INVALID_CONSTANT"], ["closes the connection", "proxy"]),
        (["EHOSTUNREACH", "ENETUNREACH"], ["target's address cannot be reached", "private"]),
    ],
)
def test_a_known_code_gives_the_advice_that_fits(codes: list[str], says: list[str]) -> None:
    [sentence] = advice_for(f"no response ({code})" for code in codes)
    assert [text for text in says if text not in sentence] == []
    assert advice_for(["no response"]) != [sentence]


def test_not_modified_is_no_redirect() -> None:
    assert "refuses the batch with 304" in advice_for(["304"])[0]


def test_any_other_answer_is_named() -> None:
    assert "refuses the batch with 418" in advice_for(["418"])[0]


def test_the_most_frequent_comes_first() -> None:
    first, second = advice_for(["413", "503", "413", "500"])
    assert "413" not in second
    assert "too large" in first


def test_nothing_answered_calls_for_nothing() -> None:
    assert advice_for([]) == []


def test_no_advice_is_to_delete_and_create_again() -> None:
    every = [text for name, text in vars(advice).items() if name.isupper()]
    every += advice_for(["401", "404", "413", "429", "500", "no response", "no response (EPROTO)", "204", "302", "418"])
    assert not [text for text in every if "delete and create" in text.lower() or "delete the webhook" in text.lower()]


def test_an_inactive_webhook_is_reactivated_and_the_time_between_counted_as_lost() -> None:
    assert "update (active=True)" in advice.REACTIVATE
    assert "as lost" in advice.REACTIVATE

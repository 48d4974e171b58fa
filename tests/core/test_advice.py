from __future__ import annotations

import pytest

from airflow_provider_reach.core import advice
from airflow_provider_reach.core.advice import advice_for


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (["401", "403"], ["fuses the credentials", "old ones"]),
        (["404", "410"], ["bring the old URL back"]),
        (["413"], ["raise its limit for request bodies"]),
        (["429", "500", "503", "599"], ["store the raw batch, answer 200"]),
        (["no response", "no response in time"], ["within 10 s", "DNS, TLS", "firewall"]),
        (["201", "204", "200 with a failure code"], ["only exactly 200 counts"]),
        (["301", "307"], ["redirects"]),
    ],
)
def test_the_same_advice_is_given_once_and_says_what_to_do(answers: list[str], says: list[str]) -> None:
    [sentence] = advice_for(answers)
    assert [text for text in says if text not in sentence] == []


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
    every += advice_for(["401", "404", "413", "429", "500", "no response", "204", "302", "418"])
    assert not [text for text in every if "delete and create" in text.lower() or "delete the webhook" in text.lower()]


def test_an_inactive_webhook_is_reactivated_and_the_time_between_counted_as_lost() -> None:
    assert "update (active=True)" in advice.REACTIVATE
    assert "as lost" in advice.REACTIVATE

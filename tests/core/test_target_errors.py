from __future__ import annotations

import pytest

from airflow_provider_reach.core.target_errors import is_about_the_request


@pytest.mark.parametrize(
    "said",
    [
        "Request to target failed",
        "The target did not return HTTP 200",
        "POST to webhook target URL failed - The target failed the test POST",
        "Received non-200 response 503 from webhook",
        "Could not reach https://consumer.example.com",
        "Could not reach endpoint: unknown error",
        "SSL handshake failed",
        "SSL certificate invalid",
        "unknown host",
        "Webhook target must return 200",
        "missing 200 response from target",
        "Response too large",
        "request timed out",
        "Webhook could not be saved",
        "",
    ],
)
def test_what_may_be_the_targets_is_left_to_the_retries(said: str) -> None:
    assert not is_about_the_request(said)


@pytest.mark.parametrize(
    "said",
    [
        "A field is missing or not valid - Object missing required field `name`",
        "events: unknown event type 'bounced'",
        "Expected `array`, got `str` - at `$.events`",
        "target must be an https URL",
        "Invalid auth_type",
        "name is not unique: it must be",
        "Too many webhooks: parameter limit",
    ],
)
def test_what_names_the_request_is_final(said: str) -> None:
    assert is_about_the_request(said)

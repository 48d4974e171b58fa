from __future__ import annotations

from datetime import datetime

import pytest

from airflow_provider_reach.sandbox.service.events import EVENT_TYPES, kind_of, make_event, make_events


def test_every_type_of_the_contract_can_be_made(start: datetime) -> None:
    events = make_events(EVENT_TYPES, 15, start)
    assert [kind_of(event) for event in events] == list(EVENT_TYPES)
    assert len({fields["event_id"] for event in events for fields in event["msys"].values()}) == 15
    assert {name for event in events for name in event["msys"]} == {"message_event", "gen_event", "track_event"}


@pytest.mark.parametrize(
    ("kind", "event_class"),
    [
        ("bounce", "message_event"),
        ("generation_failure", "gen_event"),
        ("click", "track_event"),
        ("new", "message_event"),
    ],
)
def test_an_event_lies_in_its_class(start: datetime, kind: str, event_class: str) -> None:
    [(found, fields)] = make_event(kind, start, {"rcpt_to": "a@b"})["msys"].items()
    assert found == event_class
    assert fields["timestamp"] == str(int(start.timestamp()))
    assert fields["rcpt_to"] == "a@b"


def test_an_event_without_class_has_no_type() -> None:
    assert kind_of({"msys": {}}) == ""

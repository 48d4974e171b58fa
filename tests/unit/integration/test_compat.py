from __future__ import annotations

from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import airflow
import pytest
from airflow.providers.common.compat.sdk import BaseOperator, redact

from airflow_provider_reach.integration.compat import as_written, first_rescheduled_at, mask_secret

AIRFLOW_2 = airflow.__version__.startswith("2.")
WHEN = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


def test_a_masked_value_is_hidden_by_airflow() -> None:
    assert redact("it is masked-4711.") == "it is masked-4711."

    mask_secret("masked-4711")

    assert redact("it is masked-4711.") == "it is ***."


@pytest.mark.skipif(AIRFLOW_2, reason="Airflow 2 has no such method")
@pytest.mark.parametrize("when", [WHEN, None])
def test_airflow_3_is_asked_for_the_first_look(when: datetime | None) -> None:
    context: dict[str, object] = {}
    asked = []

    def get_first_reschedule_date(given: object) -> datetime | None:
        asked.append(given)
        return when

    context["ti"] = SimpleNamespace(get_first_reschedule_date=get_first_reschedule_date)

    assert first_rescheduled_at(context) == when
    assert asked == [context]


@pytest.mark.skipif(not AIRFLOW_2, reason="Airflow 3 keeps it elsewhere")
@pytest.mark.parametrize(
    ("max_tries", "retries", "first_try"),
    [(0, 0, 1), (2, 2, 1), (5, 2, 4), (None, None, 1)],
    ids=["no retries", "never cleared", "cleared after its third try", "not said"],
)
def test_airflow_2_is_asked_for_the_first_try_since_the_task_was_cleared(
    max_tries: int | None, retries: int | None, first_try: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def original_start(*of: object) -> datetime:
        asked.append(of)
        return WHEN

    monkeypatch.setattr("airflow.sensors.base._orig_start_date", original_start)
    ti = SimpleNamespace(
        dag_id="health",
        task_id="watch",
        run_id="tonight",
        map_index=3,
        max_tries=max_tries,
        task=SimpleNamespace(retries=retries),
    )

    assert first_rescheduled_at({"ti": ti}) == WHEN
    assert asked == [("health", "watch", "tonight", 3, first_try)]


class Base(BaseOperator):
    def execute(self, context: Any) -> Any:
        return self.task_id, context


class Below(Base):
    def execute(self, context: Any) -> Any:
        return as_written(super().execute)(context)


def test_a_base_class_may_be_called(caplog: pytest.LogCaptureFixture) -> None:
    assert as_written(Below(task_id="watch").execute)("the context") == ("watch", "the context")
    assert "outside" not in caplog.text

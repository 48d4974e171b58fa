from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api.models import Gone
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.target.response import TargetResponse
from airflow_provider_reach.exceptions import ReachDeliveryFailed, airflow_error, reach_errors

FINAL = {
    errors.ReachConfigError,
    errors.ReachInputError,
    errors.ReachLookupError,
    errors.ReachExistsError,
    errors.ReachSideEffectError,
    errors.ReachAuthError,
    errors.ReachNotFoundError,
    errors.ReachRequestError,
    errors.ReachUnsettledError,
}


def tree(kind: type[errors.ReachError]) -> Iterator[type[errors.ReachError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from tree(below)


def made(kind: type[errors.ReachError]) -> errors.ReachError:
    if issubclass(kind, (errors.ReachConfigError, errors.ReachInputError)):
        return kind(["what is wrong"], "what it was for")
    if issubclass(kind, errors.ReachTargetError):
        return kind("what is wrong", operation="list webhooks", status=400, response=TargetResponse(status=503))
    if issubclass(kind, errors.ReachStatusError):
        return kind("what is wrong", operation="list webhooks", status=418)
    if issubclass(kind, errors.ReachCallError):
        return kind("what is wrong", operation="list webhooks")
    return kind("what is wrong")


@pytest.mark.parametrize("kind", list(tree(errors.ReachError)))
def test_what_is_final_ends_the_task_for_good_and_the_rest_is_retried(kind: type[errors.ReachError]) -> None:
    error = made(kind)

    for_airflow = airflow_error(error)

    assert type(for_airflow) is (AirflowFailException if kind in FINAL else AirflowException)
    assert str(for_airflow) == str(error)
    assert "what is wrong" in str(error)


def test_the_cause_stays_known() -> None:
    error = made(errors.ReachAuthError)

    with pytest.raises(AirflowFailException) as raised, reach_errors():
        raise error

    assert raised.value.__cause__ is error


def test_other_exceptions_pass() -> None:
    with pytest.raises(ZeroDivisionError), reach_errors():
        _ = 1 // 0


def test_no_exception_no_change() -> None:
    with reach_errors():
        done = True
    assert done


def test_a_failed_verdict_is_final_and_carries_its_report() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
    report = assess([], now, DeliveryPolicy(), webhook=Gone(name="orders"))

    error = ReachDeliveryFailed(report)

    assert isinstance(error, AirflowFailException)
    assert error.report is report
    assert str(error) == str(report)
    assert "orders" in str(error).splitlines()[0]

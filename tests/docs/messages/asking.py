"""The messages of a look that brought no usable answer."""

from __future__ import annotations

import asyncio
from typing import NoReturn

from airflow_provider_reach import (
    shared_session,
)
from airflow_provider_reach.async_transport import Way
from airflow_provider_reach.core.answers import Answer, Failure
from airflow_provider_reach.core.calls import list_webhooks
from airflow_provider_reach.core.request import request_for
from airflow_provider_reach.shared_session import SharedSession
from tests.core.helpers import NOW, answer, listed
from tests.docs.messages.stage import CONFIG, ENTRY, Stage, Told, asked, message, no
from tests.drivers import ImpatientLoop
from tests.drivers import run as in_loop


@message
def key_refused(stage: Stage) -> Told:
    return asked(no(401))


@message
def key_may_not(stage: Stage) -> Told:
    return asked(no(403))


@message
def workspace_unknown(stage: Stage) -> Told:
    return asked(no(404))


@message
def unreachable(stage: Stage) -> Told:
    return asked(Failure("unreachable", "[Errno -2] Name or service not known"))


@message
def no_answer_in_time(stage: Stage) -> Told:
    return asked(Failure("timeout", "Read timed out", 30.0))


@message
def connections_in_use(stage: Stage) -> Told:
    async def hang(*_: object) -> NoReturn:
        await asyncio.sleep(3600)
        raise AssertionError

    async def crowd() -> Answer | Failure:
        session, request = SharedSession(Way(None, None), 20), request_for(list_webhooks(), CONFIG, "a test")
        crowding = [asyncio.create_task(session.send(request, 0.0)) for _ in range(20)]
        await asyncio.sleep(0)
        try:
            return await session.send(request, 900.0)
        finally:
            for each in crowding:
                each.cancel()
            await session.close()

    stage.environment.setattr(shared_session, "send", hang)
    return asked(in_loop(crowd(), ImpatientLoop()))


@message
def answer_lost(stage: Stage) -> Told:
    return asked(Failure("lost", "Connection reset by peer"))


@message
def not_the_api(stage: Stage) -> Told:
    return asked(answer(b"<html><title>Sign in</title>"))


@message
def too_large(stage: Stage) -> Told:
    return asked(Answer(200, {}, b'{"results": [', NOW, too_large=True))


@message
def too_many_requests(stage: Stage) -> Told:
    return asked(no(429))


@message
def service_failed(stage: Stage) -> Told:
    return asked(no(503))


@message
def redirected(stage: Stage) -> Told:
    return asked(no(302, location="https://login.example.com/"))


@message
def request_refused(stage: Stage) -> Told:
    return asked(no(405))


@message
def refused_without_words(stage: Stage) -> Told:
    return asked(answer({"status": "no"}, 400))


@message
def there_yet_unknown(stage: Stage) -> Told:
    return asked(listed(ENTRY), no(404), listed(ENTRY))

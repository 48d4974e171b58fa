"""The messages of the operators that list, create, update, validate and delete."""

from __future__ import annotations

from collections.abc import Callable

from airflow import DAG

from airflow_provider_reach import (
    ReachCreateWebhookOperator,
    ReachDeleteWebhookOperator,
    ReachListWebhooksOperator,
    ReachUpdateWebhookOperator,
    ReachValidateWebhookOperator,
)
from airflow_provider_reach.core.webhooks.converge import declare
from airflow_provider_reach.core.webhooks.spec import WebhookSpec
from airflow_provider_reach.sandbox import Fault, Target
from tests.docs.messages.stage import (
    ENTRY,
    NAME,
    SPEC,
    URL,
    WRITTEN,
    Stage,
    Told,
    declared,
    failed,
    message,
    no,
    ran,
    sensor,
    updated,
)
from tests.tasks import in_dag, run
from tests.unit.core.helpers import OTHER_ID, ask_context, listed, results


@message
def target_refuses_validation(stage: Stage) -> Told:
    reach = stage.reach()
    reach.add_webhook(NAME, target=reach.target(NAME).url)
    reach.target(NAME).answer(503, "restarting")
    return ran(ReachValidateWebhookOperator, webhook_name=NAME)


@message
def target_refuses_creation(stage: Stage) -> Told:
    target = stage.reach().target(NAME)
    target.answer(401)
    return ran(ReachCreateWebhookOperator, name=NAME, target=target.url, events=["bounce"])


def validated(stage: Stage, conduct: Callable[[Target], None]) -> Told:
    """How a validation fails whose target does this."""
    reach = stage.reach()
    reach.add_webhook(NAME, target=reach.target(NAME).url)
    conduct(reach.target(NAME))
    return ran(ReachValidateWebhookOperator, webhook_name=NAME)


@message
def target_fails_on_the_test_batch(stage: Stage) -> Told:
    return validated(stage, lambda target: target.answer(500, "KeyError: 'message_event'"))


@message
def target_refuses_duplicates(stage: Stage) -> Told:
    return validated(stage, lambda target: target.answer(409))


@message
def target_redirects(stage: Stage) -> Told:
    return validated(stage, lambda target: target.answer(308, headers={"Location": "/bounces/"}))


@message
def target_redirects_somewhere(stage: Stage) -> Told:
    return validated(stage, lambda target: target.answer(302))


@message
def target_refuses_connections(stage: Stage) -> Told:
    return validated(stage, lambda target: target.refuse())


def without_token(stage: Stage, conduct: Callable[[Target], None]) -> Told:
    """How a creation fails for which the authorization server does this."""
    reach = stage.reach()
    conduct(reach.target("tokens"))
    details = {"url": reach.target("tokens").url, "body": {"client_id": "reach"}}
    spec = SPEC | {"auth_type": "oauth2", "auth_request_details": details}
    return ran(ReachCreateWebhookOperator, **spec)


@message
def token_refused(stage: Stage) -> Told:
    return without_token(stage, lambda tokens: tokens.answer(401, '{"error": "invalid_client"}'))


@message
def token_missing(stage: Stage) -> Told:
    return without_token(stage, lambda tokens: tokens.answer(200, "Sign in"))


@message
def token_server_fails(stage: Stage) -> Told:
    return without_token(stage, lambda tokens: tokens.answer(502))


@message
def token_server_redirects(stage: Stage) -> Told:
    return without_token(stage, lambda tokens: tokens.answer(307, headers={"Location": "/tokens/"}))


@message
def token_server_is_silent(stage: Stage) -> Told:
    return without_token(stage, lambda tokens: tokens.refuse())


def created(said: str) -> Told:
    """How a creation fails that the service refuses with these words and no more."""
    return declared(declare(WebhookSpec(**SPEC), "reuse", ask_context(0.0)), listed(), no(400, said))


@message
def token_server_unreachable(stage: Stage) -> Told:
    return created("POST to webhook tokens URL failed with error code ENOTFOUND")


@message
def perhaps_no_token(stage: Stage) -> Told:
    return created("A token could not be fetched")


@message
def perhaps_the_target(stage: Stage) -> Told:
    return created("POST to target failed")


@message
def inactive_though_valid(stage: Stage) -> Told:
    reach = stage.reach()
    reach.add_webhook(NAME, target=reach.target(NAME).url, active=False)
    run(in_dag(ReachValidateWebhookOperator, webhook_name=NAME))
    return stage.line("it delivers nothing")


@message
def unsettled(stage: Stage) -> Told:
    reach = stage.reach()
    reach.fail(Fault.status(502), on="create")
    return ran(ReachCreateWebhookOperator, **SPEC)


@message
def unsettled_and_unseen(stage: Stage) -> Told:
    reach = stage.reach()
    reach.fail(Fault.status(502), on="create")
    reach.fail(Fault.body({"results": []}), on="list")
    reach.fail(Fault.status(503), on="list", times=None)
    return ran(ReachCreateWebhookOperator, **SPEC)


@message
def no_such_name(stage: Stage) -> Told:
    stage.reach().add_webhook("engagement", target=URL)
    return ran(ReachValidateWebhookOperator, webhook_name=NAME)


@message
def no_such_name_but_similar(stage: Stage) -> Told:
    stage.reach().add_webhook("Bounces", target=URL)
    return ran(ReachDeleteWebhookOperator, webhook_name=NAME, ignore_if_missing=False)


@message
def no_such_name_in_this_case(stage: Stage) -> Told:
    stage.reach().add_webhook("Bounces", target=URL)
    return ran(ReachValidateWebhookOperator, webhook_name=NAME)


@message
def no_such_id(stage: Stage) -> Told:
    stage.reach().add_webhook(NAME, target=URL)
    return ran(ReachValidateWebhookOperator, webhook_name=NAME, webhook_id=OTHER_ID)


@message
def nothing_deleted(stage: Stage) -> Told:
    stage.reach().add_webhook("Bounces", target=URL)
    run(in_dag(ReachDeleteWebhookOperator, webhook_name=NAME))
    return stage.line("Nothing was deleted")


@message
def several_of_the_name(stage: Stage) -> Told:
    reach = stage.reach()
    for path in ("a", "b"):
        reach.add_webhook(NAME, target=f"https://consumer.example.com/{path}")
    return ran(ReachValidateWebhookOperator, webhook_name=NAME)


@message
def exists_already(stage: Stage) -> Told:
    stage.reach().add_webhook(NAME, target=URL)
    return ran(ReachCreateWebhookOperator, **SPEC, if_exists="fail")


@message
def created_twice(stage: Stage) -> Told:
    script = (listed(), WRITTEN, listed(ENTRY, {**ENTRY, "id": OTHER_ID}))
    return declared(declare(WebhookSpec(**SPEC), "reuse", ask_context(0.0)), *script)


@message
def new_name_is_taken(stage: Stage) -> Told:
    reach = stage.reach()
    for name in (NAME, "engagement"):
        reach.add_webhook(name, target=URL)
    return ran(ReachUpdateWebhookOperator, webhook_name=NAME, name="engagement")


@message
def not_applied(stage: Stage) -> Told:
    return declared(updated(active=False), listed(ENTRY), results(ENTRY), WRITTEN, forever=results(ENTRY))


@message
def side_effect(stage: Stage) -> Told:
    after = results({**ENTRY, "active": False, "events": ["bounce", "delay"]})
    return declared(updated(active=False), listed(ENTRY), results(ENTRY), WRITTEN, after)


@message
def no_longer_shown(stage: Stage) -> Told:
    before = {**ENTRY, "custom_headers": {"X-Team": "mail"}}
    after = results({**before, "active": False, "custom_headers": {}})
    return declared(updated(active=False), listed(ENTRY), results(before), WRITTEN, after)


@message
def update_unseen(stage: Stage) -> Told:
    return declared(
        updated(active=False), listed(ENTRY), results(ENTRY), WRITTEN, no(503)
    )  # fmt: skip


@message
def nothing_sent(stage: Stage) -> Told:
    return ran(ReachCreateWebhookOperator, name=NAME, target="consumer.example.com", events=[])


@message
def no_text(stage: Stage) -> Told:
    stage.reach()
    return ran(ReachDeleteWebhookOperator, webhook_name=1.1)


@message
def nothing_to_look_for(stage: Stage) -> Told:
    stage.reach()
    return failed(run(sensor(webhook_name="")).raised)


@message
def credentials_of_no_use(stage: Stage) -> Told:
    stage.reach().add_webhook(NAME, target=URL)
    return ran(ReachUpdateWebhookOperator, webhook_name=NAME, auth_credentials={"username": "{{ 'reach' }}"})


@message
def declared_twice(stage: Stage) -> Told:
    return ran(ReachListWebhooksOperator, declared=[SPEC, SPEC])


@message
def expected_missing(stage: Stage) -> Told:
    reach = stage.reach()
    for name in ("deliveries", "engagement"):
        reach.add_webhook(name, target=URL)
    expect = ["deliveries", "engagement", "bounces"]
    return ran(ReachListWebhooksOperator, expect=expect, name_pattern="del*")


@message
def expected_misspelt(stage: Stage) -> Told:
    stage.reach().add_webhook(NAME, target=URL)
    return ran(ReachListWebhooksOperator, expect=["Bounces"])


@message
def none_found(stage: Stage) -> Told:
    stage.reach().add_webhook(NAME, target=URL)
    return ran(ReachListWebhooksOperator, name_pattern="orders-*")


@message
def too_many_to_map(stage: Stage) -> Told:
    reach = stage.reach()
    for number in range(4):
        reach.add_webhook(f"orders-{number}", target=URL)
    stage.environment.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", "3")
    with DAG("a_dag", schedule=None):
        listing = ReachListWebhooksOperator(task_id="list_webhooks")
        ReachValidateWebhookOperator.partial(task_id="validate_target").expand_kwargs(listing.output)
    return failed(run(listing).raised)


@message
def drifted(stage: Stage) -> Told:
    reach = stage.reach()
    reach.add_webhook(NAME, target=URL, events=["bounce"], active=False)
    reach.add_webhook(NAME, target=URL, events=["bounce"])
    reach.add_webhook("by-hand", target=URL)
    return ran(ReachListWebhooksOperator, declared=[SPEC, {**SPEC, "name": "deliveries"}])


@message
def drifted_misspelt(stage: Stage) -> Told:
    stage.reach().add_webhook(NAME, target=URL)
    return ran(ReachListWebhooksOperator, declared=[{**SPEC, "name": "Bounces"}])


@message
def drift_unknown(stage: Stage) -> Told:
    secretive(stage)
    run(in_dag(ReachListWebhooksOperator, declared=[{**SPEC, "target_conn_id": "reach_consumer"}]))
    return stage.line("declared is unknown")


def secretive(stage: Stage) -> None:
    """A service that masks passwords."""
    stage.connection("reach_consumer", login="reach", password="a-password")
    credentials = {"username": "reach", "password": "another-password"}
    reach = stage.reach(secrets="masked")
    reach.add_webhook(NAME, target=URL, events=["bounce"], auth_type="basic", auth_credentials=credentials)


@message
def password_unknown(stage: Stage) -> Told:
    secretive(stage)
    run(in_dag(ReachCreateWebhookOperator, **SPEC, target_conn_id="reach_consumer", if_exists="update"))
    return stage.line("declared is unknown")


@message
def taken_as_it_is(stage: Stage) -> Told:
    stage.reach().add_webhook(NAME, target=URL, events=["bounce", "delay"])
    run(in_dag(ReachCreateWebhookOperator, **SPEC))
    return stage.line("taken as it is")


@message
def inactive_as_declared(stage: Stage) -> Told:
    stage.reach().add_webhook(NAME, target=URL, events=["bounce"], active=False)
    run(in_dag(ReachCreateWebhookOperator, **SPEC))
    return stage.line("it delivers nothing")


@message
def shown_otherwise(stage: Stage) -> Told:
    reach = stage.reach()
    reach.add_webhook(NAME, target=URL, events=["bounce"])
    for events in (["bounce"], ["bounce", "delay", "message.delay"]):
        reach.fail(Fault.body({"results": {**ENTRY, "events": events}}), on="retrieve")
    run(in_dag(ReachUpdateWebhookOperator, webhook_name=NAME, events=["bounce", "delay"]))
    return stage.line("does not show what")


@message
def old_target(stage: Stage) -> Told:
    reach = stage.reach()
    reach.add_webhook(NAME, target=URL, events=["bounce"])
    run(in_dag(ReachUpdateWebhookOperator, webhook_name=NAME, target=reach.target(NAME).url))
    return stage.line("old target")


@message
def old_credentials(stage: Stage) -> Told:
    stage.connection("reach_consumer", login="reach", password="a-password")
    reach = stage.reach()
    reach.add_webhook(NAME, target=reach.target(NAME).url)
    run(in_dag(ReachUpdateWebhookOperator, webhook_name=NAME, target_conn_id="reach_consumer"))
    return stage.line("old credentials")


@message
def deleted_with_batches(stage: Stage) -> Told:
    stage.reach().add_webhook(NAME, target=URL)
    run(in_dag(ReachDeleteWebhookOperator, webhook_name=NAME))
    return stage.line("Deleted")

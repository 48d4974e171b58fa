"""
A webhook that does not exist: why, as far as that can be known, and what to do about it.

That no webhook has a name does not mean that it was deleted: the name may be misspelt, or the webhook renamed.
Declaring it again would then make a second one, and every event would be sent twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from airflow_provider_reach.core.api.models import Gone, Webhook
from airflow_provider_reach.core.target import advice
from airflow_provider_reach.core.text import one_line, shown
from airflow_provider_reach.core.webhooks.similar_names import alike, near

CHECK = "Check the name or id and the connection, or create it first."


def diagnosed(gone: Gone, webhooks: Sequence[Webhook], seen_id: str = "") -> Gone:
    """The same, with the reason why it does not exist."""
    name = gone.name.strip()
    if gone.id:
        if namesakes := [webhook.id for webhook in webhooks if name and webhook.name.strip() == name]:
            other = one_line(namesakes[0], 64)
            said = f"The one named {shown(name)} has another id, {other}; with an id given, the id decides."
            return structs.replace(gone, cause="recreated", said=said)
        return structs.replace(gone, cause="deleted", said=near(name, webhooks) or _names(webhooks))
    if seen_id:
        if renamed := next((webhook.name for webhook in webhooks if webhook.id == seen_id), None):
            return structs.replace(gone, cause="renamed", said=f"The webhook is now named {shown(renamed)}.")
        return structs.replace(gone, cause="deleted", said=_names(webhooks))
    if question := near(name, webhooks):
        return structs.replace(gone, cause="misspelt" if alike(name, webhooks) else "similar", said=question)
    return structs.replace(gone, cause="unknown", said=_names(webhooks))


def missing(gone: Gone, webhooks: Sequence[Webhook]) -> str:
    """What to say about a webhook that does not exist."""
    asked = f"of the id {gone.id}" if gone.id else f"named {shown(gone.name.strip())}"
    return f"There is no webhook {asked}. {diagnosed(gone, webhooks).said}"


def missing_and_advice(gone: Gone, webhooks: Sequence[Webhook]) -> str:
    """The same for a task that needs it, with what to do."""
    cause = diagnosed(gone, webhooks).cause
    return f"{missing(gone, webhooks)} {_TO_A_TASK.get(cause, CHECK)}"


_TO_A_TASK = {
    "misspelt": "Correct the name, or give the id. Do not create a second one: every event would be sent twice.",
    "recreated": "Give that id, or the name alone.",
}


def clause(gone: Gone) -> str:
    """What a verdict says about it first."""
    said = gone.said.removesuffix(".")
    if gone.cause == "recreated":
        return f"it does not exist any more; its events go nowhere. {said}"
    if gone.cause == "renamed":
        return f"there is no webhook of this name any more. {said}"
    if gone.cause in ("misspelt", "similar"):
        return f"there is no webhook of this name. {said}"
    if gone.cause == "unknown":
        return "there is no webhook of this name"
    return "it does not exist (or no longer does); its events go nowhere"


def advice_on(gone: Gone) -> str:
    """What a verdict advises."""
    if gone.cause == "unknown":
        return f"{gone.said} {advice.COMPARE_NAMES}"
    return _ADVICE[gone.cause]


_ADVICE = {
    "deleted": advice.RECREATE,
    "recreated": advice.TAKE_THE_NEW_ID,
    "renamed": advice.TAKE_THE_NEW_NAME,
    "misspelt": advice.CORRECT_THE_NAME,
    "similar": advice.COMPARE_NAMES,
}


def _names(webhooks: Sequence[Webhook]) -> str:
    there = sorted({webhook.name for webhook in webhooks if webhook.name})
    names = one_line(", ".join(shown(other) for other in there)) or "none"
    return f"Those of the connection's workspace: {names}."

"""What to do next, in a sentence, given what the target answered."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_reach.core.target.no_response_codes import code_in, reason_of

REACTIVATE = (
    "Reactivate the webhook with an update (active=True), and treat the events since it was deactivated as lost: they "
    "are not sent later. If it is meant to be inactive, take it off the check or set allow_inactive."
)
RECREATE = (
    "Find out who deleted it. Declare it again if it is still needed: events since its deletion were not sent. "
    "If it was retired, take it off the check, and keep its target answering 200 for 9 hours: what was queued before "
    "is still sent there."
)
TAKE_THE_NEW_ID = (
    "If it was deleted and created again, take the new id (where the watches are mapped, clear the task that lists the "
    "webhooks): events between the two were not sent. Do not declare it once more: every event would be sent twice."
)
TAKE_THE_NEW_NAME = (
    "It was renamed, not deleted: watch it by its new name, or by its id. Do not declare the old name again: every "
    "event would be sent twice."
)
CORRECT_THE_NAME = (
    "Correct the name, or give the webhook's id: until then the webhook is not watched. Do not declare this name: "
    "every event would be sent twice."
)
COMPARE_NAMES = (
    "If this is the first check under this name, correct the name, or the connection if it leads to another workspace. "
    "If earlier checks found it, the webhook was renamed or deleted: find out which. Only if it was deleted and is "
    "still needed, declare it again (events since its deletion were not sent); beside a renamed one, every event would "
    "be sent twice."
)
REPLAY = (
    "Reach does not send lost batches again: fetch the events of that time from wherever else you keep them, and look "
    "for the batch ids in the consumer's log to see what did arrive. Once that is settled, ignore_lost_before, set to "
    "the time of this look, keeps this loss from failing the next check."
)
IS_BACK = (
    "What is in flight will be sent at its next retry, now that the target answers: look again before you touch "
    "anything."
)
LARGER_LIMIT = (
    "More batches failed than one answer can list: fix the target first, and judge by the consumer's log. "
    "on_cut='warn' lets such a check pass with a warning."
)
SILENT = (
    "Find out whether there was anything to send. If there was: look at the status page of Reach, since Reach itself "
    "may stand still, and validate the webhook, which sends a test batch to its target. If such a silence is usual "
    "here, raise max_silence."
)


def advice_for(answers: Iterable[str]) -> list[str]:
    """
    What to do about the target's answers, without repetitions.

    :param answers: Answers such as ``503``, ``no response`` or ``no response (ECONNREFUSED)``, the most frequent first.
    """
    return list(dict.fromkeys(_advice(answer) for answer in answers))


def _advice(answer: str) -> str:
    if answer.startswith("no response"):
        return _advice_without_response(code_in(answer))
    if answer in ("401", "403"):
        return (
            "The target refuses the credentials: let the consumer accept those the webhook sends; batches in flight "
            "may still carry the old ones after an update."
        )
    if answer in ("404", "410"):
        return (
            "The target's URL is gone: bring the old URL back, since batches in flight still go there whatever the "
            "webhook says now."
        )
    if answer == "413":
        return "The batch is too large for the consumer: raise its limit for request bodies (proxy and application)."
    if answer == "429" or answer.startswith("5"):
        return (
            "The consumer fails or is overloaded: look at its log; let it store the raw batch, answer 200, and work on "
            "it later."
        )
    if answer.startswith("3") and answer != "304":
        return (
            "The target redirects, and redirects are not followed: answer 200 at the old URL, where batches in flight "
            "still go, and set the webhook's target to the final URL, often the same with or without a slash at its "
            "end."
        )
    if answer.startswith("2"):
        return "The target took the batch but only exactly 200 counts: let it answer 200, without a failure."
    return f"The target refuses the batch with {answer}: look at the consumer's log for the reason; it must answer 200."


def _advice_without_response(code: str) -> str:
    reason = reason_of(code)
    if reason == "certificate":
        return (
            "The service does not accept the target's TLS certificate: renew it, let the server send the whole chain, "
            "and check that it is for the target's host name; a self-signed one is not accepted."
        )
    if reason == "tls":
        return (
            "The TLS handshake with the target fails: check its certificate and the whole chain, that the port of the "
            "target's URL takes https, and the TLS versions that it allows."
        )
    if reason == "name":
        return (
            "The target's host name cannot be resolved: check its DNS record, and the webhook's target for a typing "
            "error; a name that only your own network knows does not work."
        )
    if reason == "refused":
        return (
            "The target refuses connections: check that the consumer is up and listens on the port of the target's "
            "URL, and that its firewall lets the service in."
        )
    if reason == "late":
        return (
            "The target did not answer in time: it must answer within 10 s, so store the batch first and work on it "
            "later; if its log shows no request, a firewall keeps the service out."
        )
    if reason == "closed":
        return (
            "The target closes the connection before its answer is complete: look at the log of the consumer, and of "
            "the proxy or load balancer before it."
        )
    if reason == "unreachable":
        return (
            "The target's address cannot be reached: check its DNS record, routing and firewall; a private address "
            "does not work."
        )
    return (
        "The target did not answer: check that it is up and reachable from the internet, its DNS, TLS certificate "
        "and firewall; it must answer within 10 s, so store the batch first and work on it later. With OAuth 2, "
        "check that its authorization server gives tokens."
    )

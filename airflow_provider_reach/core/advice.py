"""What an operator does about it: from what the target answered to a sentence that says what to do next."""

from __future__ import annotations

from collections.abc import Iterable

REACTIVATE = (
    "Reactivate the webhook with an update (active=True), and treat the events since it was deactivated as lost: they "
    "are not sent later. If it is meant to be inactive, take it off the check or set allow_inactive."
)
RECREATE = (
    "Find out who deleted it. Declare it again if it is still needed: events since its deletion were not sent. "
    "If it was retired, take it off the check, and keep its target answering 200 for 9 hours: what was queued before "
    "is still sent there."
)
REPLAY = (
    "Reach does not send lost batches again: fetch the events of that time from where else you have them, and look for "
    "the batch ids in the consumer's log to see what did arrive. Once that is settled, ignore_lost_before, set to "
    "the time of this look, keeps this loss from failing the next check."
)
IS_BACK = (
    "What is in flight will be sent at its next retry, now that the target answers: look again before you touch "
    "anything."
)
LARGER_LIMIT = (
    "More batches failed than the service tells in one answer: mend the target first, and judge by the consumer's log. "
    "on_cut='warn' lets such a check pass with a warning."
)


def advice_for(answers: Iterable[str]) -> list[str]:
    """
    What to do about what the target answered, each advice once.

    :param answers: Answers such as ``503`` or ``no response``, the most frequent first.
    """
    return list(dict.fromkeys(_advice(answer) for answer in answers))


def _advice(answer: str) -> str:
    if answer.startswith("no response"):
        return (
            "The target did not answer: check that it is up and reachable from the internet, its DNS, TLS certificate "
            "and firewall; it must answer within 10 s, so store the batch first and work on it later."
        )
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
    if answer.startswith("3"):
        return "The target redirects, which is not followed: answer 200 at the webhook's URL itself."
    if answer.startswith("2"):
        return "The target took the batch but only exactly 200 counts: let it answer 200, without a failure."
    return f"The target refuses the batch with {answer}: look at the consumer's log for the reason; it must answer 200."

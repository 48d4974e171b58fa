"""
What decides: no Airflow, no HTTP library, no clock, no sleep, no log.

::

    watch      looks again and again: what is watched (watch), one look and what follows it (step), what is shown
               meanwhile (progress), how it ends (events)
    workspace  one look at all webhooks (check): by which policies, which are absent, what it comes to (summary, report)
    delivery   one look (check): rows → batches (status) → batch_states → the limits that are passed (findings) → the
               verdict (assess) and its report (headline); ambiguous_2xx: what Reach may or may not count as delivered
    webhooks   which one is meant (ref, find, similar_names, missing), or which ones (selection); create, converge,
               actions change it; spec, validation, diff, drift, side_effects compare what is wanted with what is there
    api        one operation (operations) → request → answer (responses) → model (decoding, odd_values) or error
               (error_mapping: target_errors, gateways); asked, repeated and settled by exchange under the rules of
               retry
    target     what a target's answer means (response, service_message, no_response_codes), and what to do about it
               (advice)
    secrets    what is secret (detect, depth), and what is shown instead (redact)
    policy  config  errors    what counts as failed; where the service is; what can go wrong
    policy_fields             the policy's fields by name, and how long a watch waits
    values                    readers of what people write
    fields  serializable  text  times    a webhook's fields; plain JSON; a text in a message; a time
    moved                     where older XComs look for what the hook returns

Arrows point down only. The client carries out an exchange over a transport, the hook has a client, and operators and
sensors have a hook; client and transport exist twice: for a task, and for the event loop of the triggerer.
"""

from airflow_provider_reach.core import moved as moved

"""
What decides: no Airflow, no HTTP library, no clock, no sleep, no log.

::

    config  fields  models      the values: a connection, a webhook's fields by name, what the service speaks of
    checks → spec               what a person asks a webhook to be, and what of it is refused
    secret_values → redaction   what of it is secret (nesting: how deep it goes); what may be shown
    errors                      what can go wrong
    decoding → answers          an answer's body → models; an answer or a failure → the error it means (target_errors:
                                the target's; gateways: of what stands between)
    calls → exchange            an operation; how it is asked, repeated and settled
    unpacking → request         an answer's body as it comes in; a call as it goes over the wire, whoever sends it
    regions                     which errors may be those of the wrong one of two hosts
    names → gone                a name that no webhook has, and those that come near; why a webhook is not there
    lookup → actions            which webhook is meant; validate it, delete it
    compare → declare  drift    declared beside existing: send what differs; or only tell
    changes                     a webhook beside itself before an update
    policy  batches             what counts; rows → batches
    findings  advice  report    what a verdict says
    delivery → look             the verdict; one look at a webhook, from asking to verdict
    watch → endings  progress   looks again and again: the parameters, how they end, what is told meanwhile

The client drives an exchange over a transport, the hook has a client, the operators and sensors have a hook; client and
transport are there twice, for a task and for the event loop of the trigger. Arrows point down only.
"""

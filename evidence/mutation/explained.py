"""Mutants that no test notices, and why that is right: matched by what they change, not by a number."""

from __future__ import annotations

from typing import NamedTuple


class Explained(NamedTuple):
    """
    A change that survives, and why.

    :param place: The module, with the function.
    :param was: A part of the code.
    :param becomes: What the change makes of it.
    :param why: Why no test notices, or should.
    """

    place: str
    was: str
    becomes: str
    why: str

    def fits(self, place: str, before: str, after: str) -> bool:
        """
        Whether it is this change: one of the places where the part stands is all that differs.

        :param place: Where the change is.
        :param before: The whole line.
        :param after: The whole changed line.
        """
        if place != self.place:
            return False
        parts = before.split(self.was)
        joined = (
            self.was.join(parts[:number]) + self.becomes + self.was.join(parts[number:])
            for number in range(1, len(parts))
        )
        return any(one == after for one in joined)


FASTER = "only the quick way is lost, and the long one comes to the same"
SAME_LENGTH = "both are of the same length, always"
TWO_OR_MORE = "`max_attempts` is 2 or more"
FALSE = "None is as false as False"
NO_DATE = "no date either way"
CODEC = "another name of the same"
READ_ON = "how much is read before it is cut, to the letter"
REFUSED = "it is refused in any case"
CAUSE = "the text of an error that is only the cause of another"
EQUAL = "whatever is neither `differs` nor `unknown` counts as equal"
NO_X = "an X is never changed here"
BEFORE_ALL = "it is before all that is believed"
BOTH_TIMES = "a batch has both times, or none"
NO_TIME = "not looked at without a time"
PROBLEMS = "only its problems are used, for an error that names all"
ONLY_FIRST = "only the first is taken"
NO_ID = "no webhook has that for an id"

EXPLAINED = tuple(
    Explained(*one)
    for one in (
        ("webhooks.selection._expected", "_WHAT", "None", PROBLEMS),
        ("workspace.policies._changed", "_WHAT", "None", PROBLEMS),
        ("workspace.policies._unknown", "POLICY_FIELDS, 1", "POLICY_FIELDS, ", ONLY_FIRST),
        ("workspace.policies._unknown", "POLICY_FIELDS, 1", "POLICY_FIELDS, 2", ONLY_FIRST),
        ("api.responses.Answer.at", '"date", ""', '"date", None', NO_DATE),
        ("api.responses.Answer.at", '"date", ""', '"date", ', NO_DATE),
        ("api.responses.Answer.at", '"date", ""', '"date", "XXXX"', NO_DATE),
        ("api.responses.Answer.retry_after", '"retry-after", ""', '"retry-after", "XXXX"', NO_DATE),
        ("api.responses._http_date", "if text else", "if (text) or True else", NO_DATE),
        ("api.error_mapping.status_error", "status < 200", "status <= 200", "200 is no error"),
        ("api.error_mapping.status_error", "status < 200", "status < 201", "200 is no error"),
        ("delivery.batches", "_NEVER = datetime(1, 1, 2", "_NEVER = datetime(2, 1, 2", BEFORE_ALL),
        ("delivery.batches", "_NEVER = datetime(1, 1, 2", "_NEVER = datetime(1, 2, 2", BEFORE_ALL),
        ("delivery.batches", "_NEVER = datetime(1, 1, 2", "_NEVER = datetime(1, 1, 3", BEFORE_ALL),
        ("delivery.batches", "2010, 1, 1", "2010, 2, 1", "only its year is exact"),
        ("delivery.batches", "2010, 1, 1", "2010, 1, 2", "only its year is exact"),
        ("delivery.batches._put_in_order", ">= _EARLIEST", "> _EARLIEST", FASTER),
        ("delivery.batches._put_in_order", "<= latest", "< latest", FASTER),
        ("delivery.batches._put_in_order", "return True", "return False", FASTER),
        ("delivery.batches._put_in_order", "key=_ts", "key=None", FASTER),
        ("delivery.batches._put_in_order", "_ts(rows[0]) >= _EARLIEST and _ts(rows[-1]) <= latest", "None", FASTER),
        ("delivery.batches.batches_of", "_put_in_order(failed, latest)", "None", FASTER),
        ("delivery.batches.batches_of", "_put_in_order(failed, latest)", "_put_in_order(failed, None)", FASTER),
        ("delivery.batches.batches_of", "None if in_order else", "None if (in_order) and False else", FASTER),
        ("delivery.batches.batches_of", "batches if in_order else", "batches if (in_order) and False else", FASTER),
        ("delivery.batches._each", "row.latency or 0", "row.latency or 1", "a millisecond is not slow either"),
        ("delivery.status", "64, 1024", "64, 1025", FASTER),
        ("delivery.status", "9999, 1, 1", "9999, 2, 1", "no time of a batch is in that year"),
        ("delivery.status", "9999, 1, 1", "9999, 1, 2", "no time of a batch is in that year"),
        ("delivery.status.grouped", "body[-_END:]", "body[+_END:]", FASTER),
        ("delivery.status.grouped", "<= now + FURTHEST_AHEAD", "< now + FURTHEST_AHEAD", FASTER),
        ("delivery.status.grouped", "<= now + FURTHEST_AHEAD", "<= now - FURTHEST_AHEAD", FASTER),
        ("delivery.batches._status", "0 < number", "0 <= number", "0 is 0 either way"),
        ("delivery.batches._together", "strict=True", "strict=None", SAME_LENGTH),
        ("delivery.batches._together", "strict=True", "strict=False", SAME_LENGTH),
        ("delivery.batches._together", "strict=True", "", SAME_LENGTH),
        ("delivery.batches._together", "len(of_one) > 1", "(len(of_one) > 1) or True", FASTER),
        ("delivery.batches._together", "len(of_one) > 1", "len(of_one) >= 1", FASTER),
        ("api.operations", "T] = field(repr=False)", "T] = field(repr=True)", "a function's name is no secret"),
        ("api.operations.any_request", "/-._~:@!$&'()*+,;=", "XX/-._~:@!$&'()*+,;=XX", NO_X),
        ("api.operations.any_request", '"".join', '"XXXX".join', "only whether it can be encoded counts"),
        ("api.operations.create_webhook", "repeatable=False", "repeatable=None", FALSE),
        ("webhooks.validation._event_warnings", "1, 0.7", "1, ", "how alike is a matter of taste"),
        ("webhooks.validation._event_warnings", "1, 0.7", "2, 0.7", "only the first is taken"),
        ("webhooks.diff._leaves", '"unknown"', '"XXunknownXX"', EQUAL),
        ("webhooks.diff._leaves", '"unknown"', '"UNKNOWN"', EQUAL),
        ("webhooks.diff._leaves", '"equal"', '"XXequalXX"', EQUAL),
        ("webhooks.diff._leaves", '"equal"', '"EQUAL"', EQUAL),
        ("webhooks.diff._leaves", '"equal", ""', '"equal", "XXXX"', EQUAL),
        ("config", "field(repr=False)", "field(repr=True)", "the key's own repr hides it too"),
        ("config._base_url", 'return ""', 'return "XXXX"', REFUSED),
        ("config._base_url", "host = None", 'host = ""', "an empty host is as wrong as none"),
        ("text.unfolded", 'if "group::" in text else', 'if ("group::" in text) or True else', FASTER),
        ("webhooks.converge._updated", "left <= 0", "left <= 1", "it is 10, 9, 7, 3 and 0 s"),
        ("webhooks.converge.declare", "always=False", "always=None", FALSE),
        ("api.decoding._batch_row", "convert(raw, BatchRow)", "convert(None, BatchRow)", FASTER),
        ("times.parse_time", "convert(value, datetime)", "convert(None, datetime)", FASTER),
        ("times.parse_time", "convert(value, datetime)", "convert(value, None)", FASTER),
        (
            "times.parse_time",
            "if isinstance(parsed, datetime) else",
            "if (isinstance(parsed, datetime)) or True else",
            "what the pattern lets through has a date and a time",
        ),
        ("delivery.assess._perhaps_created_by", "created <= instant", "created < instant", FASTER),
        ("delivery.assess._waited_for", "in_flight) <= policy", "in_flight) < policy", FASTER),
        ("delivery.assess.assess_batches", "complete, times_known)", "complete, None)", "only a healthy look tells"),
        ("delivery.assess._oldest_ids", "len(dated) > _MOST_IDS", "len(dated) >= _MOST_IDS", FASTER),
        ("delivery.assess._oldest_ids", "_MOST_IDS - 1", "_MOST_IDS - 2", FASTER),
        ("delivery.assess._oldest_ids", "len(ids) >= _MOST_IDS", "len(ids) > _MOST_IDS", FASTER),
        ("delivery.assess._oldest_ids", "key=created_of)], now", "key=created_of)], None", "all of these have a time"),
        ("delivery.assess._report", "batch.attempts or 0", "batch.attempts or 1", TWO_OR_MORE),
        ("delivery.assess._report", "if in_doubt else", "if (in_doubt) or True else", FASTER),
        ("delivery.ambiguous_2xx._due", "batch.created is None or", "batch.created is None and", BOTH_TIMES),
        ("watch.events._error", 'TypeError(event["type"])', "TypeError(None)", CAUSE),
        ("watch.events._error", 'TypeError(event["type"])', 'TypeError(event["XXtypeXX"])', CAUSE),
        ("watch.events._error", 'TypeError(event["type"])', 'TypeError(event["TYPE"])', CAUSE),
        ("watch.events._timeout", "ValueError(limit)", "ValueError(None)", CAUSE),
        ("watch.events.read_event", 'ValueError("a watch does not end undecided")', "ValueError(None)", CAUSE),
        ("api.exchange.ask", 'cast("Answer | Failure | Known"', "cast(None", "a cast does nothing"),
        ("webhooks.index.WebhookIndex.__init__", '""', '"XXXX"', NO_ID),
        ("webhooks.index.WebhookIndex.only", 'ref.name, ""', "ref.name, None", NO_ID),
        ("webhooks.index.WebhookIndex.only", 'ref.name, ""', "ref.name, ", NO_ID),
        ("webhooks.index.WebhookIndex.only", 'ref.name, ""', 'ref.name, "XXXX"', NO_ID),
        ("webhooks.index.indexed_list", "answer, secrets", "answer, None", "a list masks nothing"),
        ("webhooks.create.create", "rstrip('.')", "rstrip('XX.XX')", "no message ends with an X"),
        ("api.retry.quiet_time", "or 0.0", "or 1.0", "a second is the least anyway"),
        ("api.retry.wait_before_repeat", "min(tries, 10)", "min(tries, 11)", "the wait reached a minute long before"),
        ("delivery.findings._about_to_be_discarded", "else timedelta(0)", "else timedelta(1)", NO_TIME),
        ("delivery.findings.findings", "batch.attempts or 0", "batch.attempts or 1", TWO_OR_MORE),
        ("api.models", "ge=0", "ge=1", FASTER),
        ("webhooks.similar_names._differences", "autojunk=False", "autojunk=None", FALSE),
        ("secrets.depth", "DEEPEST: Final = 100", "DEEPEST: Final = 101", "how deep is a matter of choice"),
        ("secrets.redact", "200_000", "200001", READ_ON),
        ("secrets.redact._cut", "len(text) <= most", "len(text) < most", READ_ON),
        ("secrets.redact._cut", "rsplit(None, 1)", "rsplit(None, 2)", READ_ON),
        ("secrets.redact._forms", '"utf-8"', '"UTF-8"', CODEC),
        ("secrets.redact._forms", 'safe=""', 'safe="XXXX"', NO_X),
        ("secrets.redact._forms", "quote=False", "quote=None", FALSE),
        ("secrets.redact.beginning_of", '"utf-8"', '"UTF-8"', CODEC),
        ("secrets.redact.beginning_of", "most * 8", "most * 9", READ_ON),
        ("secrets.redact.beginning_of", "2 * _MOST_READ", "3 * _MOST_READ", READ_ON),
        ("text.one_line", "most * 8", "most * 9", READ_ON),
        ("secrets.redact.safe_text", "most * 8", "most * 9", READ_ON),
        ("delivery.report.span", "whole >= 300", "whole > 300", "300 s are 5 min either way"),
        ("delivery.report.span", "whole >= 300", "whole >= 301", "300 s are 5 min either way"),
        ("secrets.detect._decoded", "token, validate=True", "token, ", "it may mask more than a secret"),
        ("secrets.detect._decoded", "validate=True", "validate=False", "it may mask more than a secret"),
        ("secrets.detect.basic_tokens", '"utf-8"', '"UTF-8"', CODEC),
        ("secrets.detect.basic_tokens", 'rstrip("=")', 'rstrip("XX=XX")', "an X may be left beside what is masked"),
        ("secrets.detect.is_masked", '"*•●·"', '"XX*•●·XX"', "no X is left in small letters"),
        ("secrets.detect.secrets_in_url", 'else ""', 'else "XXXX"', "there is no secret in it either"),
        ("webhooks.spec.WebhookChanges.body", 'b""', "None", "it is encoded, or nothing is returned"),
        ("webhooks.spec.WebhookChanges.body", 'b""', 'b"XXXX"', "it is encoded, or nothing is returned"),
        ("api.target_errors._to_target", 'url: str = ""', 'url: str = "XXXX"', "without an answer nothing redirects"),
        ("client.body.Body._unpack", "self._most - self._size", "self._most + self._size", READ_ON),
        ("client.body.Body._unpack", "self._size + 1", "self._size + 2", READ_ON),
        ("values.count", "-1", "-2", "any number below 0 is refused alike"),
        ("values.flag", '""', '"XXXX"', REFUSED),
        ("values.flag", '""', "None", REFUSED),
    )
)

"""
That ``docs/runbook.md`` shows the messages as they are, and explains every one of them.

The blocks of the page are made by :mod:`tests.docs.messages`. To write them anew:
``WRITE_DOCS=1 pytest tests/docs/test_runbook.py``. A new message needs a provocation there and an entry in the page:
a comment with the provocation's name before a block, which may be empty at first.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from airflow_provider_reach import exceptions, hooks, sensors
from airflow_provider_reach.client import body, pool, region_probe
from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api import error_mapping, exchange, gateways, regions, target_errors
from airflow_provider_reach.core.delivery import ambiguous_2xx, check, findings, headline, report
from airflow_provider_reach.core.errors import ReachError, ReachStatusError
from airflow_provider_reach.core.target import advice
from airflow_provider_reach.core.watch import events, progress, step, watch
from airflow_provider_reach.core.webhooks import actions, converge, drift, find, missing, selection, similar_names
from airflow_provider_reach.core.webhooks import create as creating
from airflow_provider_reach.core.workspace import check as workspace_check
from airflow_provider_reach.core.workspace import policies, summary
from airflow_provider_reach.core.workspace import report as workspace_report
from airflow_provider_reach.integration import (
    mapped_watches,
    reach_connection,
    target_connection,
    watch_end,
    watch_loop,
    workspace_look,
)
from airflow_provider_reach.operators import base, check_workspace, create, declaring, delete, listing, update, validate
from tests.docs.messages import asking, configuration, verdicts, watches, workspace
from tests.docs.messages import declaring as declaring_messages
from tests.docs.messages.stage import MESSAGES, Stage, Told, normal

PAGE = Path(__file__).resolve().parents[2] / "docs" / "runbook.md"
BLOCK = re.compile(r"(<!-- message: (\w+) -->\n```text\n)(.*?)\n?```", re.DOTALL)

PROVOKING = (asking, configuration, declaring_messages, verdicts, watches, workspace)
"""Where the messages are from; once imported, they are in MESSAGES."""

TALKING = (
    actions,
    advice,
    error_mapping,
    converge,
    creating,
    ambiguous_2xx,
    drift,
    events,
    errors,
    exchange,
    findings,
    headline,
    gateways,
    missing,
    check,
    find,
    similar_names,
    progress,
    regions,
    report,
    step,
    target_errors,
    body,
    watch,
    exceptions,
    hooks,
    reach_connection,
    sensors,
    pool,
    target_connection,
    region_probe,
    watch_end,
    watch_loop,
    workspace_check,
    policies,
    summary,
    workspace_report,
    selection,
    mapped_watches,
    workspace_look,
    base,
    check_workspace,
    declaring,
    create,
    delete,
    listing,
    update,
    validate,
)
"""The modules that talk to people; those that check what a person gave say what to do with each problem."""

UNEXPLAINED = {
    "of good news": {
        "The key was refused, and the connection has changed: asking as it says now",
        "Changed webhook",
        "from → to",
        "as far as the service shows it",
        "exists and is what was declared",
        "nothing was sent",
        "Sent to webhook",
        "though no difference was seen",
        "Created webhook",
        "begins to receive events in about a minute",
        "sends nothing until it is activated",
        "Somebody else deleted webhook",
        "What exists is what was declared",
        "The target of webhook",
        "HEALTHY: no webhook was to be looked at",
        "HEALTHY: all",
        "that were looked at, of the workspace's",
        "So do the policies of",
    },
    "of the Test button in the UI, before a message that is explained": {
        "Reach cannot be asked",
        "The connection works",
        "at us-west-1",
        "the workspace has",
        "The connection is incomplete",
        "The workspace is unknown",
        "The host is unreachable",
        "The host does not answer in time",
        "This is not the Reach API",
    },
    "of one value, below 'Nothing was sent' or 'cannot be used', with what it must be": {
        "if_exists must be 'reuse', 'update' or 'fail', not",
        "expect: each name",
        "max_list_age must be a number of seconds from 0, not",
        "timeout is too long",
        "it has a password and no login: basic credentials need a user name",
        "its extra is not a JSON object",
        "must be a mapping of names to values",
        "schema holds another path than host: empty schema, and set host to the whole base URL",
        "holds a path",
        "and there is no host: empty schema, or set host to the base URL",
        "the selection of webhooks",
        "policies must be a mapping of names or patterns to fields of the policy, not",
        "policies: each name",
        "policies: a name is empty; perhaps a template rendered to nothing",
        "is there twice, but for blanks around it",
        "expect: a name is empty; perhaps a template rendered to nothing",
        "it must be a mapping of fields of the policy, not",
        "It has",
    },
    "that nobody reads, or that stands for another": {
        "Answer | Failure | Known",
        "a watch does not end undecided",
        "The Reach configuration",
        "for an unknown reason",
        "an interim answer, with none after it",
        "an HTML page",
        "and ends before it can be unpacked",
        "its body breaks off",
        "what has no proper name",
        "none undelivered",
    },
}
"""What is said and has no entry."""


@cache
def told() -> dict[str, Told]:
    """What every provocation says."""
    return {name: _provoked(name) for name in MESSAGES}


def _provoked(name: str) -> Told:
    with pytest.MonkeyPatch.context() as environment:
        stage = Stage(environment)
        with stage.running:
            said = MESSAGES[name](stage)
    return Told(normal(said.text), said.raised)


@cache
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def blocks(text: str) -> dict[str, str]:
    return {name: block for _, name, block in BLOCK.findall(text)}


def sections() -> dict[str, str]:
    """The text of each section by its heading."""
    return dict(re.findall(r"^### ([^\n]+)\n(.*?)(?=^##|\Z)", page(), re.DOTALL | re.MULTILINE))


def test_the_messages_are_documented_as_they_are() -> None:
    wanted = BLOCK.sub(lambda block: f"{block[1]}{told()[block[2]].text}\n```", page())
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(wanted, encoding="utf-8")
        page.cache_clear()

    assert blocks(page()) == blocks(wanted), "out of date; WRITE_DOCS=1 writes the blocks anew"


def test_every_message_has_one_block() -> None:
    assert sorted(re.findall(r"<!-- message: (\w+) -->", page())) == sorted(MESSAGES)
    assert blocks(page()).keys() == MESSAGES.keys()


def test_every_class_of_errors_is_explained() -> None:
    classes = {error for error in vars(errors).values() if inspect.isclass(error) and issubclass(error, ReachError)}
    raised = set().union(*(message.errors for message in told().values()))
    assert classes - raised == {ReachError, ReachStatusError}  # nobody raises these two themselves


@pytest.mark.parametrize("module", TALKING, ids=lambda module: module.__name__.partition(".")[2])
def test_every_sentence_is_explained(module: ModuleType) -> None:
    explained = "\n".join(blocks(page()).values())
    unexplained = set().union(*UNEXPLAINED.values())
    said = [sentence for sentence in sentences(module) if sentence not in explained]
    assert [sentence for sentence in said if sentence not in unexplained] == []


def test_what_is_left_out_is_still_said() -> None:
    said = {sentence for module in TALKING for sentence in sentences(module)}
    assert set().union(*UNEXPLAINED.values()) - said == set()


def sentences(module: ModuleType) -> Iterator[str]:
    """The texts of two words or more in a module's code: the parts between inserted values, line by line."""
    tree = ast.parse(inspect.getsource(module))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            if "\\" in node.value:  # a regular expression
                continue
            for part in re.split(r"\n|%[a-z]|%\.\d[a-z]", node.value):
                sentence = part.strip(" ,;:.?()'…")
                if " " in sentence:
                    yield sentence


def test_the_table_leads_to_each_section_by_how_its_messages_begin() -> None:
    rows = re.findall(r"^\| `(.+)` \| \[(.+?)\]\(#(.+?)\) \|$", page(), re.MULTILINE)
    for begins, heading, anchor in rows:
        assert anchor == _slug(heading)
        pattern = "^ *(- )?" + ".*".join(re.escape(part.strip()) for part in begins.split("…"))
        assert re.search(pattern, "\n".join(blocks(sections()[heading]).values()), re.MULTILINE), begins
    assert [heading for _, heading, _ in rows] == sorted([heading for _, heading, _ in rows], key=[*sections()].index)
    assert {heading for _, heading, _ in rows} == sections().keys()


def test_every_section_says_what_it_means_what_to_do_and_when_it_is_over() -> None:
    parts = ("**What it means.** ", "**What to do.**", "**It is over when** ")
    for heading, text in sections().items():
        assert blocks(text), heading
        assert re.findall(r"^\*\*[A-Z].+?\*\* ?", text, re.MULTILINE) == [*parts], heading
        assert re.search(r"^1\. ", text, re.MULTILINE), heading


def test_every_place_it_links_is_there() -> None:
    for name, anchor in re.findall(r"\]\(([\w-]*(?:\.md)?)(?:#([\w-]+))?\)", page()):
        linked = PAGE.with_name(name).read_text(encoding="utf-8") if name else page()
        headings = re.findall(r"^#+ (.+)$", linked, re.MULTILINE)
        assert not anchor or anchor in map(_slug, headings), f"{name}#{anchor}"


def _slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")

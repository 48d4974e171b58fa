"""How the documentation is built: ``make docs``, where a broken reference of any kind is an error."""

from __future__ import annotations

from typing import Any

from airflow_provider_reach import __version__
from airflow_provider_reach.core.config import DEFAULT_OUTAGE_TOLERANCE
from airflow_provider_reach.integration.connection_form import DEFAULT_CONN_ID

project = "airflow-provider-reach"
author = "the authors of airflow-provider-reach"
project_copyright = f"2026, {author}"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["snippets"]
highlight_language = "text"

myst_heading_anchors = 3

autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
add_module_names = False
maximum_signature_line_length = 100

# Every name in a docstring or a type must be found, except those of other projects, which would need the network (they
# have no module where a type is imported only for the type checker), and internal ones.
nitpick_ignore_regex = [
    (r"py:.*", r"(airflow|collections|datetime|http|jinja2|msgspec|requests|types|typing)\..*"),
    (r"py:class", r"(Context|PokeReturnValue|datetime)"),
    (r"py:exc", r"(Airflow\w*|LookupError|TypeError|ValueError)"),
    (r"py:class", r"(CheckOptions|Events|IfExists|OptionalFields|WebhookFields)"),
    (r"py:.*", r"airflow_provider_reach\.(client\.pool|core\.api\.operations|core\.watch)(\..*)?"),
    (r"py:class", r"airflow_provider_reach\.sandbox\.service\.model\.(PostResult|Webhook)"),
]

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_title = f"airflow-provider-reach {version}"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-signature", _readable)


def _readable(app: Any, what: str, name: str, of: Any, options: Any, signature: str | None, returns: str | None) -> Any:
    """With values for names of constants, and without what msgspec shows for a mutable default, which is no Python."""
    for written, shown in {
        "DEFAULT_CONN_ID": repr(DEFAULT_CONN_ID),
        "DEFAULT_OUTAGE_TOLERANCE": repr(DEFAULT_OUTAGE_TOLERANCE),
        "<factory>": "...",
    }.items():
        signature = signature and signature.replace(written, shown)
    return signature, returns

"""How a task's arguments are rendered: a text, written or rendered, stays that text."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2
    from airflow.providers.common.compat.sdk import BaseOperator, Context

    _Base = BaseOperator
else:
    _Base = object


class TextStaysText(_Base):
    """
    For an operator or sensor, before its base class; mapped or not.

    In a DAG with ``render_template_as_native_obj`` every text is read as Python: the name ``1.10`` becomes the number
    1.1 and ``2024_01`` the number 202401, though neither is a template. Here an expression's own value is taken as it
    is, and a text that is not a list or mapping stays a text.
    """

    def render_template(
        self,
        content: Any,
        context: Context,
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """Render a value, or the texts in it."""
        from jinja2.nativetypes import NativeEnvironment

        jinja_env = jinja_env or self.get_template_env()
        if isinstance(content, str):
            content = str.__str__(content)  # Jinja takes str(), which gives an Enum member's name
        if isinstance(content, str) and isinstance(jinja_env, NativeEnvironment):
            return _render_natively(jinja_env.from_string(content), content, context)
        return super().render_template(content, context, jinja_env, seen_oids)


def _render_natively(template: jinja2.Template, source: str, context: Context) -> Any:
    from jinja2.nativetypes import native_concat

    nodes = [_defined(node) for node in _nodes(template, context)]
    if len(nodes) == 1 and not isinstance(nodes[0], str):
        return nodes[0]
    text = "".join(map(str, nodes))
    if text.strip() == source.strip():  # no template
        return text
    value = native_concat(nodes)
    if value is None or isinstance(value, (list, tuple, dict, set)):
        return value
    # Elsewhere a template needs quotes of its own to keep a text; here it does not, and they mean the same.
    return value if isinstance(value, str) and source.strip()[:1] in ("'", '"') else text


def _nodes(template: jinja2.Template, context: Context) -> Any:
    """What a template gives, part by part, rendered as Airflow does: its context must not become a ``dict``."""
    variables: Any = copy(context)
    variables.update({name: value for name, value in template.globals.items() if name not in variables})
    return template.root_render_func(template.new_context(variables, shared=True))


def _defined(node: Any) -> Any:
    """What is undefined fails here, as when a template renders to text, and not where it is used."""
    from jinja2 import Undefined

    return str(node) if isinstance(node, Undefined) else node

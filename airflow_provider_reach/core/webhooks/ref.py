"""How a caller names a webhook."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.webhooks.validation import no_text


@dataclass(frozen=True)
class WebhookRef:
    """
    A webhook as a caller names it; nothing is checked before :meth:`checked`.

    :param id: Its UUID; with a name as well, the id decides and the name is only a label.
    :param name: Its name.
    """

    id: str = ""
    name: str = ""

    def __str__(self) -> str:
        return shown(self.name or self.id)

    def checked(self) -> WebhookRef:
        """
        The same reference without the blanks, line breaks and ``None`` that templates render to.

        :raises ReachInputError: when there is neither id nor name, or one of them is not text.
        """
        ref = WebhookRef(_text("webhook_id", self.id), _text("webhook_name", self.name))
        if not ref.id and not ref.name:
            raise ReachInputError(["give webhook_id or webhook_name."], "the look at a webhook")
        return ref


def _text(argument: str, text: str | None) -> str:
    if not isinstance(text, (str, type(None))):
        raise ReachInputError([no_text(argument, text)], "the look at a webhook")
    stripped = (text or "").strip()
    return "" if stripped == "None" else stripped

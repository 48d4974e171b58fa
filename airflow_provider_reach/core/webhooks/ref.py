"""How a caller names a webhook."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.values import UNNAMED, read_text


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
        ref = WebhookRef(
            read_text("webhook_id", self.id, _LOOK), read_text("webhook_name", self.name, _LOOK, none=UNNAMED)
        )
        if not ref.id and not ref.name:
            raise ReachInputError(["give webhook_id or webhook_name."], _LOOK)
        return ref


_LOOK = "the look at a webhook"

"""What may pass from task to task: to plain JSON, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

if TYPE_CHECKING:
    from typing_extensions import Self


class Serializable:
    """
    A struct that a task may return.

    Airflow keeps what :meth:`serialize` returns, and gives the next task what :meth:`deserialize` makes of it. It is a
    text because in a mapping some names, which a webhook's header may have, mean something to Airflow itself.
    """

    __slots__ = ()

    __version__: ClassVar[int] = 1

    def to_dict(self) -> dict[str, Any]:
        """The same as plain JSON, without secrets; times are text in UTC."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    def serialize(self) -> str:
        """The same as a JSON text, without secrets."""
        return msgspec.json.encode(self.to_dict()).decode()

    @classmethod
    def deserialize(cls, data: str, version: int) -> Self:
        """
        The struct again; each secret in it is ``***``.

        :param data: What :meth:`serialize` returned.
        :param version: The ``__version__`` that wrote it. Fields that are unknown here are left out.
        """
        return msgspec.json.decode(data, type=cls)

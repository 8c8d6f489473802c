"""Help without a type where there is none to give: `--json`, not `--json <bool>`."""

from __future__ import annotations

from typing import Any

from typer.core import TyperOption


def hide_types_of_flags() -> None:
    """Let the help of every command show a flag by its name alone."""
    show = TyperOption.display_type_rich

    def display_type_rich(self: TyperOption, ctx: Any) -> Any:
        return None if self.is_flag or self.count else show(self, ctx)

    TyperOption.display_type_rich = display_type_rich  # type: ignore[method-assign]

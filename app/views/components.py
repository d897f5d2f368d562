"""Our browser components; their scripts set every text they are given as text, never as markup."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import streamlit as st

from app.views.markup import asset

Action = Mapping[str, Any]


@cache
def _component(name: str) -> Callable[..., Any]:
    script = asset("dom.js", f"{name}.js")
    component: Callable[..., Any] = st.components.v2.component(f"pa_{name}", js=script, isolate_styles=False)
    return component


def show(name: str, data: Mapping[str, Any], *, key: str, on_action: Callable[[Action], None]) -> None:
    """Show the component of a script in assets/ ("answer", "source"...); a reader's action is passed to `on_action`."""

    def pass_on() -> None:
        state = st.session_state.get(key)
        action = state.get("action") if isinstance(state, Mapping) else None
        if isinstance(action, Mapping):
            on_action(action)

    _component(name)(key=key, data=data, on_action_change=pass_on)


@dataclass(frozen=True, slots=True)
class Choice:
    """A button of a list, with small print below its label."""

    id: str
    label: str
    detail: str = ""
    current: bool = False


def show_choices(choices: Sequence[Choice], on_choice: Callable[[str], None], *, key: str, title: str = "") -> None:
    """A list of buttons; with a title it stands as rows below it, without one as chips."""

    def choose(action: Action) -> None:
        # The id comes from the browser: only one that was offered counts.
        if action.get("id") in {choice.id for choice in choices}:
            on_choice(str(action["id"]))

    data = {"title": title, "look": "rows" if title else "chips", "items": [asdict(choice) for choice in choices]}
    show("choices", data, key=key, on_action=choose)

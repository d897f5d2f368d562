"""The filters beside the question box."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.answer import Filters

_RAILS, _REGIONS, _TYPES, _AS_OF = _KEYS = ("filter-rails", "filter-regions", "filter-types", "filter-as-of")


def chosen_filters() -> Filters:
    """What is chosen now."""
    state = st.session_state
    return Filters(
        as_of=state.get(_AS_OF),
        rails=tuple(state.get(_RAILS) or ()),
        regions=tuple(state.get(_REGIONS) or ()),
        doc_types=tuple(state.get(_TYPES) or ()),
    )


def show_filters(facets: Mapping[str, Sequence[str]]) -> None:
    """Show the filters for what the index holds."""
    chosen = sum(bool(st.session_state.get(key)) for key in _KEYS)
    with st.popover(f"Filters ({chosen} set)" if chosen else "Filters", icon=":material/tune:"):
        _choose("Rail", facets["rails"], _RAILS, "All rails")
        _choose("Region", facets["regions"], _REGIONS, "All regions")
        _choose("Document type", facets["doc_types"], _TYPES, "All types")
        st.date_input(
            "In force on", value=None, format="YYYY-MM-DD", key=_AS_OF, help="Empty: the procedures in force today."
        )
        st.button("Clear filters", key="filter-clear", on_click=_clear, disabled=not chosen)


def _choose(label: str, options: Sequence[str], key: str, nothing: str) -> None:
    # A new index may no longer have what was chosen under the old one.
    if st.session_state.get(key):
        st.session_state[key] = [value for value in st.session_state[key] if value in options]
    if options:
        st.multiselect(label, options, key=key, placeholder=nothing)


def _clear() -> None:
    for key in _KEYS:
        st.session_state[key] = None if key == _AS_OF else []

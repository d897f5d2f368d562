"""The Streamlit page; `python -m app chat` runs it. Streamlit executes this file once for every interaction."""

import streamlit as st

from app.answer import Assistant
from app.serve import current_service
from app.service import Service
from app.views.conversation import show_conversation
from app.views.history import show_sidebar
from app.views.markup import ASSETS, show_callout, show_styles
from app.views.state import get_desk
from app.views.status import show_status
from ingest.errors import AssistantError


def _find_assistant(service: Service) -> Assistant | AssistantError:
    try:
        assistant = service.assistant()
        assistant.library.current()
    except AssistantError as error:
        return error
    return assistant


def _show_problem(service: Service, error: AssistantError) -> None:
    what = f"{error.message[:1].upper()}{error.message[1:]}."
    with st.container(key="talk"):
        if not (service.settings.index / "CURRENT").exists():
            lines = [what, "Make it from the folder with the documents; this page then finds it by itself:"]
            show_callout(
                "No index yet", lines, kind="warn", command=f"python -m ingest run --index {service.settings.index}"
            )
        else:
            show_callout("Not ready", [what, error.hint], kind="bad")
        st.button("Look again", key="look-again")


def main() -> None:
    """Draw the page."""
    st.set_page_config(
        page_title="Procedures",
        page_icon=str(ASSETS / "icon.svg"),
        layout="wide",
        menu_items={"About": "Answers from the procedures in force, with the exact passage as proof."},
    )
    st.logo(str(ASSETS / "logo.svg"), size="large", icon_image=str(ASSETS / "icon.svg"))
    show_styles()
    service, desk = current_service(), get_desk()
    found = _find_assistant(service)

    def ask() -> None:
        _show_problem(service, found) if isinstance(found, AssistantError) else show_conversation(service, found, desk)

    def status() -> None:
        _show_problem(service, found) if isinstance(found, AssistantError) else show_status(service, found)

    pages = [
        st.Page(ask, title="Ask", icon=":material/forum:", url_path="ask", default=True),
        st.Page(status, title="Library status", icon=":material/inventory_2:", url_path="status"),
    ]
    page = st.navigation(pages)
    if isinstance(found, Assistant):
        show_sidebar(service, found, desk, asking=page is pages[0])
    page.run()


main()

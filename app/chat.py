"""The Streamlit page; `python -m app chat` runs it. Streamlit executes this file once for every interaction."""

from collections.abc import Callable

import streamlit as st

from app.answer import Assistant
from app.identity import Identity
from app.serve import current_service
from app.service import Service
from app.views.conversation import show_conversation
from app.views.markup import ASSETS, show_callout, show_styles
from app.views.review import show_review
from app.views.shared import show_shared, wants_shared
from app.views.sidebar import show_sidebar
from app.views.sign_in import find_identity, show_person, show_sign_in
from app.views.state import Session, get_desk
from app.views.status import show_status
from ingest.errors import AssistantError, SignInError

View = Callable[[Session], None]


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


def _ask(session: Session) -> None:
    show_shared(session) if wants_shared() else show_conversation(session)


def _show(service: Service, found: Assistant | AssistantError, identity: Identity) -> None:
    if isinstance(found, AssistantError):
        st.navigation([st.Page(lambda: _show_problem(service, found), title="Ask", url_path="ask", default=True)]).run()
        return
    session = Session(service, found, get_desk(), identity)
    views: list[tuple[View, str, str, str]] = [
        (_ask, "Ask", ":material/forum:", "ask"),
        (show_status, "Library status", ":material/inventory_2:", "status"),
        *([(show_review, "Review", ":material/rate_review:", "review")] if session.reader.has_role("owner") else []),
    ]
    pages = [
        st.Page(_bound(view, session), title=title, icon=icon, url_path=path, default=view is _ask)
        for view, title, icon, path in views
    ]
    page = st.navigation(pages)
    page.run()
    # After the page: what was answered just now belongs on the list of conversations.
    show_sidebar(session, asking=page is pages[0])
    with st.sidebar:
        show_person(identity)


def _bound(view: View, session: Session) -> Callable[[], None]:
    # Streamlit tells pages apart by the name of their function.
    def show() -> None:
        view(session)

    show.__name__ = view.__name__.strip("_")
    return show


def main() -> None:
    """Draw the page."""
    st.set_page_config(
        page_title="Procedures",
        page_icon=str(ASSETS / "icon.svg"),
        layout="wide",
        menu_items={"About": "Answers from the procedures in force, with the exact passage as proof."},
    )
    show_styles()
    st.logo(str(ASSETS / "logo.svg"), size="large", icon_image=str(ASSETS / "icon.svg"))
    service = current_service()
    identity = find_identity(service.sign_in)
    if isinstance(identity, SignInError):
        show_sign_in(identity, service.sign_in)
        return
    _show(service, _find_assistant(service), identity)


main()

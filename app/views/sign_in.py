"""Who is at the page: the form to sign in, and who is signed in."""

import time
from html import escape
from math import inf

import streamlit as st

from app.identity import ENDED, SIGNED_OUT, Identity, SignIn
from app.views.markup import show_callout
from ingest.errors import SignInError


def find_identity(sign_in: SignIn) -> Identity | SignInError:
    """The person at this page, or why there is none."""
    since = st.session_state.setdefault("opened_at", time.time())
    try:
        return sign_in.of_page(st.user.to_dict(), since)
    except SignInError as error:
        return error


def show_sign_in(problem: SignInError, sign_in: SignIn) -> None:
    """The page of somebody who is not signed in; nothing of the library is on it."""
    with st.container(key="talk"):
        if problem.message == SIGNED_OUT:
            show_callout("Sign in", ["The procedures are for people of this organisation."])
        else:
            what = f"{problem.message[:1].upper()}{problem.message[1:]}."
            show_callout("Not signed in", [what, f"{problem.hint[:1].upper()}{problem.hint[1:]}." * bool(problem.hint)])
        if sign_in.page_is_open:
            st.button("Sign in", type="primary", key="sign-in", on_click=st.login)
            if st.user.get("is_logged_in") and problem.message != ENDED:
                st.button("Sign out", key="sign-out", on_click=st.logout)


def show_person(identity: Identity) -> None:
    """Who is signed in, and the way out, in the sidebar; nothing where nobody signs in."""
    with st.sidebar:
        if identity.reader.label:
            label = escape(identity.reader.label)
            st.html(f'<div class="pa-facts"><div>Signed in: <strong>{label}</strong></div></div>')
        if st.user.get("is_logged_in"):
            st.button("Sign out", icon=":material/logout:", key="sign-out", on_click=st.logout)
        if identity.until < inf:
            st.fragment(_watch, run_every=max(1.0, identity.until - time.time()))(identity)


def _watch(identity: Identity) -> None:
    if time.time() >= identity.until:
        st.rerun()

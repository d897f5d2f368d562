"""Who may read what, and which settings are accepted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access import Reader, local_reader, may_read
from app.settings import load_settings

GROUPS = st.frozensets(st.sampled_from(["ops", "sanctions", "audit", "treasury"]))


@given(GROUPS, GROUPS)
def test_one_common_group_opens_a_document(mine: frozenset[str], theirs: frozenset[str]) -> None:
    allowed = may_read(Reader("a", mine), tuple(theirs))
    assert allowed == (not theirs or bool(mine & theirs))


def test_a_document_for_nobody_in_particular_is_for_everyone() -> None:
    assert may_read(Reader("a"), ())


def test_the_person_at_this_machine_has_the_groups_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_READERS", "Ops, Sanctions-Desk,")
    reader = local_reader(load_settings())
    assert reader.groups == {"ops", "sanctions-desk"}
    assert may_read(reader, ("sanctions-desk",)) and not may_read(reader, ("audit",))
    assert may_read(reader, ("OPS",))

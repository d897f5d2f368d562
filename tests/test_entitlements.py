"""Which claims make whom out of a person, and which rules files are refused."""

from pathlib import Path

import pytest

from app.entitlements import Entitlements, load_entitlements
from ingest.errors import SettingsError, SignInError

RULES = """
name: email
label: name
rules:
- when: {groups: [payments-ops, payments-leads]}
  role: analyst
  readers: [Ops]
- when: {groups: sanctions-desk, site: london}
  readers: [sanctions]
- when: {realm.roles: sop-owner}
  role: owner
- when: {https://bank/admin: "yes"}
  role: administrator
"""
ANN = {"sub": "1", "email": "ann@bank.example", "name": "Ann", "groups": ["payments-ops"]}


@pytest.fixture
def rules(tmp_path: Path) -> Entitlements:
    return load(tmp_path, RULES)


def load(folder: Path, text: str) -> Entitlements:
    path = folder / "access.yaml"
    path.write_text(text, "utf-8")
    return load_entitlements(path)


def test_all_fitting_rules_add_up_and_the_highest_role_counts(rules: Entitlements) -> None:
    ann = rules.reader_of(ANN)
    assert (ann.name, ann.label, ann.role, ann.groups) == ("ann@bank.example", "Ann", "analyst", {"ops"})
    more = ANN | {"groups": ["sanctions-desk", "payments-leads"], "site": "london", "realm": {"roles": ["sop-owner"]}}
    assert rules.reader_of(more).groups == {"ops", "sanctions"}
    assert rules.reader_of(more).role == "owner"
    assert rules.reader_of(more | {"https://bank/admin": "yes"}).role == "administrator"


def test_every_claim_of_a_rule_must_fit(rules: Entitlements) -> None:
    assert rules.reader_of(ANN | {"groups": ["payments-ops", "sanctions-desk"]}).groups == {"ops"}


@pytest.mark.parametrize(
    "claims",
    [
        ANN | {"groups": []},
        ANN | {"groups": "payments"},
        ANN | {"groups": ["PAYMENTS-OPS"]},
        ANN | {"groups": {"payments-ops": True}},
        ANN | {"groups": None},
        ANN | {"email": ["a@bank.example", "b@bank.example"]},
        ANN | {"email": ""},
        ANN | {"email_verified": False},
        ANN | {"email_verified": "false"},
        {"sub": "1", "groups": ["payments-ops"]},
    ],
)
def test_nobody_is_let_in_by_half_a_claim(rules: Entitlements, claims: dict[str, object]) -> None:
    with pytest.raises(SignInError):
        rules.reader_of(claims)


def test_everyone_is_said_in_so_many_words(tmp_path: Path) -> None:
    rules = load(tmp_path, "rules: [{when: everyone, role: analyst}]")
    assert rules.reader_of({"sub": "1"}).label == "1"
    with pytest.raises(SignInError):
        rules.reader_of({})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "valid dictionary"),
        ("rules: []", "rules: List should have at least 1"),
        ("rules: [{when: {}, role: analyst}]", "when"),
        ("rules: [{when: anyone, role: analyst}]", "when"),
        ("rules: [{when: {groups: 7}, role: analyst}]", "when"),
        ("rules: [{when: {groups: a}, role: admin}]", "role: Input should be 'analyst', 'owner' or 'administrator'"),
        ("rules: [{when: {groups: a}, readers: ops}]", "readers: Input should be a valid list"),
        ("rules: [{when: {groups: a}, reader: [ops]}]", "reader: Extra inputs"),
        ("rules: [{when: {groups: a}, role: analyst, role: administrator}]", "'role' stands twice"),
        ("rules: !!python/object/apply:os.getcwd []", "not readable YAML"),
        ("rules: [", "not readable YAML"),
    ],
)
def test_a_file_that_says_less_or_more_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as error:
        load(tmp_path, text)
    assert "access.yaml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load_entitlements(tmp_path / "none.yaml")

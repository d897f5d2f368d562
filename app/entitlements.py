"""The rules file: which claims of a signed-in person give which role and reader groups."""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.access import ROLES, Reader, Role
from ingest.errors import SettingsError, SignInError

Claims = Mapping[str, Any]


class _Rule(BaseModel):
    """`when` names claims and the values that fit, one of several; all claims must fit."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    when: Literal["everyone"] | dict[str, str | list[str]] = Field(min_length=1)
    role: Role | None = None
    readers: list[str] = Field(default_factory=list)

    @field_validator("readers")
    @classmethod
    def _lower(cls, groups: list[str]) -> list[str]:
        return [group.strip().lower() for group in groups]

    def fits(self, claims: Claims) -> bool:
        if self.when == "everyone":
            return True
        return all(_values(claims, name) & _texts(wanted) for name, wanted in self.when.items())


class Entitlements(BaseModel):
    """Role and reader groups by claim. `name` is the claim that identifies a person, `label` the one to show."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = "sub"
    label: str = "name"
    rules: list[_Rule] = Field(min_length=1)

    def reader_of(self, claims: Claims) -> Reader:
        """The person with the highest role and all groups of the rules that fit; SignInError where none does."""
        claims = _trusted(claims)
        names = _values(claims, self.name)
        if len(names) != 1:
            raise SignInError(f"your sign-in has no claim {self.name!r}", hint="tell your administrator")
        [name] = names
        fitting = [rule for rule in self.rules if rule.fits(claims)]
        roles = [rule.role for rule in fitting if rule.role]
        label = next(iter(_values(claims, self.label)), name)
        if not roles:
            raise SignInError(f"{label} is signed in, but not entitled to use this", hint="ask for access")
        groups = frozenset(group for rule in fitting for group in rule.readers)
        return Reader(name, groups, max(roles, key=ROLES.index), label)


def load_entitlements(path: Path) -> Entitlements:
    """The rules of a YAML file; raises SettingsError that names the first thing wrong."""
    hint = f"mend {path}, the form is in docs/deployment.md"
    try:
        data = yaml.load(path.read_text("utf-8"), _UniqueKeyLoader)  # noqa: S506 -- a SafeLoader that also refuses keys given twice
        return Entitlements.model_validate(data)
    except OSError as error:
        raise SettingsError(f"APP_ACCESS_RULES: {path}: {error.strerror}", hint=hint) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not readable YAML: {error}", hint=hint) from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise SettingsError(f"{path}: {where}: {first['msg']}", hint=hint) from None


class _UniqueKeyLoader(yaml.SafeLoader):
    """Of two equal keys YAML takes the last without a word; here that would change who may read what."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _trusted(claims: Claims) -> Claims:
    """The claims without an address that the provider says is not verified."""
    if str(claims.get("email_verified", True)).lower() == "true":
        return claims
    return {name: value for name, value in claims.items() if name != "email"}


def _values(claims: Claims, name: str) -> set[str]:
    """The texts of a claim; `a.b` also means b inside a, where there is no claim of that whole name."""
    found: Any = claims
    for part in [name] if name in claims else name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return _texts(found)


def _texts(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value} if value else set()
    if isinstance(value, Sequence):
        return {item for item in value if isinstance(item, str) and item}
    return set()

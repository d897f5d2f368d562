"""Who is asking, what they may do, and which documents they may read."""

from dataclasses import dataclass
from typing import Literal, get_args

from app.settings import Settings

Role = Literal["analyst", "owner", "administrator"]
ROLES: tuple[Role, ...] = get_args(Role)  # each may do what those before it may
# Reader groups by which the person at this machine takes a role.
_LOCAL_ROLES: dict[str, Role] = {"owners": "owner", "administrators": "administrator"}


@dataclass(frozen=True, slots=True)
class Reader:
    """A person and the groups (lower case) that a trusted source says they belong to.

    `name` identifies the person and never changes; `label` is how the page calls them.
    """

    name: str
    groups: frozenset[str] = frozenset()
    role: Role = "analyst"
    label: str = ""

    def has_role(self, role: Role) -> bool:
        """Whether the reader may do what `role` may."""
        return ROLES.index(self.role) >= ROLES.index(role)


def may_read(reader: Reader, readers: tuple[str, ...]) -> bool:
    """Whether a document for `readers` is open to `reader`; an empty `readers` is open to everyone."""
    return not readers or any(group.lower() in reader.groups for group in readers)


def local_reader(settings: Settings) -> Reader:
    """The person at this machine, with the groups that the settings give them."""
    groups = frozenset(settings.readers)
    roles = [role for group, role in _LOCAL_ROLES.items() if group in groups]
    return Reader("local", groups, max(roles, key=ROLES.index, default="analyst"))

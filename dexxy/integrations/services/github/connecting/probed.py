"""What a probe measured, as it is printed and written down: nothing in it is private."""

from dataclasses import dataclass, field

from dexxy import __version__
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.connecting.asking import ANSWERED, Reply


@dataclass(frozen=True, slots=True)
class PageTried:
    """One page of a list, or a request for many things at once, as Dexxy asks for it.

    Args:
        list: issues, pull_requests or discussions; or threads_by_number, parts or people.
        asked: how many there could have been.
        came: how many there were; None where no list came.
        outcome: `answered`, `nothing` where the list is null, or the code of an error.
        cost: points that GitHub says it costs.
        taken: points that it took from the hour, a time-out's penalty included.
    """

    list: str
    asked: int
    came: int | None
    outcome: str
    seconds: float
    bytes: int | None
    cost: int | None
    taken: int | None
    error_text: str


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of the repository, and whether its list is shown.

    Args:
        is_on: as GitHub says; None where it does not.
        shows: the outcome of asking for its list.
    """

    name: str
    is_on: bool | None
    shows: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A field or a list that may be refused.

    Args:
        is_given: None where there was nothing to try it with.
        accepts: the permissions that GitHub names for it.
    """

    name: str
    is_given: bool | None
    outcome: str
    status: int | None = None
    accepts: str = ""
    error_text: str = ""


@dataclass
class Probe:
    """All that was measured.

    Args:
        repository: its name, or '' where not everybody can see it.
        scopes: of a classic token; None where GitHub names none.
        limits: counter -> limit, used and remaining before the first question.
        stopped: why not everything was asked, or ''.
    """

    taken_at: str
    repository: str
    is_public: bool
    server: str
    server_version: str
    token: str
    scopes: list[str] | None
    limits: dict[str, dict[str, int]]
    dexxy: str = __version__
    format: int = 1
    features: list[Feature] = field(default_factory=list)
    pages: list[PageTried] = field(default_factory=list)
    fields: list[Shown] = field(default_factory=list)
    rest: list[Shown] = field(default_factory=list)
    points: int = 0
    stopped: str = ""


def page_tried(what: str, size: int, came: int | None, outcome: str, reply: Reply) -> PageTried:
    """Write down what became of one question for many things.

    Args:
        what: a list, or what was asked for by numbers or ids.
    """
    return PageTried(
        list=what,
        asked=size,
        came=came,
        outcome=outcome,
        seconds=round(reply.seconds, 3),
        bytes=reply.size,
        cost=reply.cost,
        taken=reply.taken,
        error_text=reply.error_text,
    )


def outcome_of(reply: Reply, *, is_null: bool) -> str:
    """Return `answered`, `nothing` where null came, or the code of an error."""
    if reply.outcome == ANSWERED and reply.refused:
        return errors.AccessDeniedError.code
    return "nothing" if reply.outcome == ANSWERED and is_null else reply.outcome

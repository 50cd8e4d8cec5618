"""How people of the invented population, and what their accounts say, are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from benchmarks import population_names as names

GITHUB, ENTERPRISE = "github", "github:ghe.initech.com"
PROFILES = {
    GITHUB: "https://github.com/{}",
    ENTERPRISE: "https://ghe.initech.com/{}",
    "discourse": "https://forum.example.org/u/{}",
    "slack": "",
    "discord": "",
    "git": "",
}
# Servers that vouch for an e-mail address they show.
VOUCHING = {GITHUB, ENTERPRISE, "discourse", "slack"}
OTHERS = [provider for provider in PROFILES if provider != GITHUB]


@dataclass(frozen=True, slots=True)
class Account:
    """One account as a server shows it today, and the truth about it.

    `person` and `group` are the truth and no rule may read them; `earlier_usernames` is what the
    server called the account before, oldest first.
    """

    provider: str
    external_id: str
    person: int
    group: str
    username: str
    name: str = ""
    email: str = ""
    is_email_verified: bool = False
    kind: str = "user"
    company: str = ""
    links: tuple[str, ...] = ()
    earlier_usernames: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return PROFILES[self.provider].format(self.username)


@dataclass(slots=True)
class Person:
    """Somebody, before they have accounts."""

    key: int
    culture: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    native: str
    username: str
    email: str

    @property
    def latin(self) -> str:
        return f"{self.given[0]} {self.family[0]}"


class Draw:
    """Draws people and their accounts from one source of chance."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311
        self.people = 0
        self._last_id = 0
        self._taken: set[tuple[str, str]] = set()
        self._sites = 0
        self._addresses: set[str] = set()

    def pick(self, choices: dict[str, int]) -> str:
        return self.random.choices(list(choices), list(choices.values()))[0]

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def person(self, culture: str = "", *, common: bool = False) -> Person:
        """Invent somebody; the name of a COMMON one is among the most frequent."""
        self.people += 1
        culture = culture or self.pick(names.CULTURES)
        given, native_given = self._frequent(names.GIVEN[culture], common=common)
        family, native_family = self._frequent(names.FAMILY[culture], common=common)
        if not common and self.chance(0.55):
            family, native_family = (self._invented_family(),), ""
        native = ""
        if native_given and native_family:
            parts = (native_family, native_given)
            is_reversed = culture in names.FAMILY_FIRST
            native = "".join(parts) if is_reversed else " ".join(reversed(parts))
        username = self._username(given[-1], family[-1])
        local = self.random.choice(
            [
                f"{ascii_of(given[-1])}.{ascii_of(family[-1])}",
                username.lower(),
                f"{username}{self.year()}",
            ]
        )
        email = self.address(local)
        return Person(self.people, culture, given, family, native, username, email)

    def address(self, local: str, host: str = "") -> str:
        """Open a mailbox: strangers have none in common by chance."""
        address = f"{local}@{host or self.random.choice(names.MAIL_HOSTS)}".lower()
        while address in self._addresses:
            local += str(self.random.randrange(10))
            address = f"{local}@{address.split('@')[1]}".lower()
        self._addresses.add(address)
        return address

    def site(self, label: str) -> str:
        """Register a website of one's own; its address is free of spaces and unlike all others."""
        self._sites += 1
        return f"https://{ascii_of(label)}{self._sites}.dev"

    def _frequent(
        self, choices: Sequence[tuple[tuple[str, ...], str]], *, common: bool
    ) -> tuple[tuple[str, ...], str]:
        if common:
            return choices[min(int(self.random.expovariate(1.2)), len(choices) - 1)]
        return self.random.choice(choices)

    def _invented_family(self) -> str:
        count = self.random.choice([1, 2, 2])
        syllables = (self.random.choice(names.SYLLABLES) for _ in range(count))
        return ("".join(syllables) + self.random.choice(names.ENDINGS)).capitalize()

    def _username(self, given: str, family: str) -> str:
        given, family = ascii_of(given), ascii_of(family)
        nickname = self.random.choice(names.NICKNAMES)
        return self.random.choice(
            [
                f"{given}{family}",
                f"{given}-{family}",
                f"{given[0]}{family}",
                f"{family}{given[0]}",
                f"{given}{self.year()}",
                f"{nickname}{self.random.choice(['', self.year(), family[:4]])}",
                given,
            ]
        )

    def year(self) -> str:
        return f"{self.random.randrange(60, 110) % 100:02}"

    def account(self, provider: str, person: Person, **said: object) -> Account:
        """Open an account; a username that is taken on its server gets a number."""
        self._last_id += self.random.randrange(1, 9)
        username = str(said.pop("username", person.username))
        if provider != "git":
            while (provider, username.lower()) in self._taken:
                username = f"{username}{self.random.randrange(10)}"
            self._taken.add((provider, username.lower()))
        email = str(said.get("email", ""))
        is_verified = bool(email) and provider in VOUCHING
        fields = {"is_email_verified": is_verified, **said}
        return Account(
            provider,
            str(self._last_id),
            person.key,
            "",
            username,
            **fields,  # type: ignore[arg-type]
        )

    def first(self, person: Person, **said: object) -> Account:
        """Open the account on GitHub: three in four say their name, one in four their address."""
        fields: dict[str, object] = {}
        if self.chance(0.75):
            fields["name"] = person.latin
        if self.chance(0.25):
            fields["email"] = person.email
        if self.chance(0.3):
            fields["company"] = self.random.choice(names.COMPANIES)
        if self.chance(0.15):
            fields["links"] = (self.site(person.username),)
        return self.account(GITHUB, person, **{**fields, **said})

    def other(self, person: Person, provider: str = "", **said: object) -> Account:
        """Open another account of PERSON, more or less like the first."""
        provider = provider or self.random.choice(OTHERS)
        username = self.pick({"same": 55, "like": 20, "unlike": 25})
        fields: dict[str, object] = {"name": self.spelled(person)}
        if username == "like":
            fields["username"] = self.random.choice(
                [f"{person.username}{self.year()}", f"_{person.username}", f"{person.username}-dev"]
            )
        elif username == "unlike":
            fields["username"] = (
                f"{self.random.choice(names.NICKNAMES)}{self.random.randrange(999)}"
            )
        email = self.pick({"same": 40, "other": 30, "none": 0 if provider == "git" else 30})
        if email == "same":
            fields["email"] = person.email
        elif email == "other":
            local = self.random.choice(
                [person.email.split("@")[0], f"x{self.random.randrange(10**6)}"]
            )
            fields["email"] = self.address(local)
        return self.account(provider, person, **{**fields, **said})

    def spelled(self, person: Person) -> str:
        given, family = person.given[0], person.family[0]
        how = self.pick(
            {"full": 60, "given": 10, "": 15, "reversed": 5, "initial": 5, "lower": 3, "middle": 2}
        )
        return {
            "full": person.latin,
            "given": given,
            "": "",
            "reversed": f"{family}, {given}",
            "initial": f"{given[0]}. {family}",
            "lower": person.latin.lower(),
            "middle": f"{given} {self.random.choice('ABCDEFGHJKLM')}. {family}",
        }[how]

    def typo(self, text: str) -> str:
        """Leave out, double, replace or swap one character."""
        at = self.random.randrange(1, len(text) - 1)
        return self.random.choice(
            [
                text[:at] + text[at + 1 :],
                text[:at] + text[at] + text[at:],
                text[:at] + self.random.choice("abcdefghijklmnopqrstuvwxyz") + text[at + 1 :],
                text[:at] + text[at + 1] + text[at] + text[at + 2 :],
            ]
        )


def ascii_of(text: str) -> str:
    return "".join(character for character in text.lower() if _is_plain(character)) or "x"


def _is_plain(character: str) -> bool:
    return character.isascii() and character.isalnum()


def linking(account: Account, url: str) -> Account:
    """Let the profile of ACCOUNT link URL."""
    return replace(account, links=(*account.links, url))

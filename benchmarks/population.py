"""An invented population whose truth is known: who is who, whatever their accounts say.

It was written before the rules that are measured on it, and is not changed to please them. What
it holds is what people do: they rename themselves, have accounts on several servers, share names,
addresses and machines, write their names in several scripts and mistype them. Each person belongs
to one class, so that a figure can be given for each. The same seed gives the same population.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from benchmarks import population_names as names
from benchmarks.population_people import ENTERPRISE, GITHUB, Account, Draw, ascii_of, linking

# Rules and weights may be chosen by looking at these populations...
TUNING_SEEDS = (101, 102, 103, 104, 105)
# ...and are measured on these alone, which nobody looks into.
HELD_OUT_SEEDS = (9001, 9002, 9003, 9004, 9005)


def single(draw: Draw) -> Iterator[Account]:
    yield draw.first(draw.person())


def elsewhere(draw: Draw) -> Iterator[Account]:
    """Somebody who is only in a forum or in commits: most of such accounts have no partner."""
    yield draw.other(draw.person())


def several(draw: Draw) -> Iterator[Account]:
    person = draw.person()
    yield draw.first(person)
    for _ in range(draw.random.choice([1, 1, 1, 2, 3])):
        yield draw.other(person)


def renamed(draw: Draw) -> Iterator[Account]:
    """GitHub shows the new login; the other server still has the old one."""
    person = draw.person()
    old = person.username
    new = f"{draw.random.choice(names.NICKNAMES)}{draw.random.randrange(9999)}"
    yield draw.first(person, username=new, earlier_usernames=(old,))
    yield draw.other(person, username=old)


def common_names(draw: Draw) -> Iterator[Account]:
    """Strangers who share one name; one in three has a second account."""
    original = draw.person("english", common=True)
    for _ in range(draw.random.randrange(3, 9)):
        person = draw.person(original.culture)
        person.given, person.family = original.given, original.family
        yield draw.first(person, name=original.latin)
        if draw.chance(0.33):
            yield draw.other(person, name=original.latin)


def non_latin(draw: Draw) -> Iterator[Account]:
    person = draw.person(draw.random.choice(names.NON_LATIN), common=draw.chance(0.3))
    name = person.native or person.latin
    yield draw.first(person, name=name)
    yield draw.other(person, name=name)


def transliterated(draw: Draw) -> Iterator[Account]:
    """Own script here, Latin letters there, in one of several spellings."""
    person = draw.person(draw.random.choice(["german", "spanish", "polish", *names.NON_LATIN]))
    spelling = f"{draw.random.choice(person.given)} {draw.random.choice(person.family)}"
    yield draw.first(person, name=person.native or person.latin)
    yield draw.other(person, name=spelling)


def plus_address(draw: Draw) -> Iterator[Account]:
    person = draw.person()
    local, host = person.email.split("@")
    tag = draw.random.choice(["github", "dev", "forum", "spam", "lists"])
    yield draw.first(person, email=person.email)
    yield draw.other(person, email=f"{local}+{tag}@{host}")


def noreply(draw: Draw) -> Iterator[Account]:
    """Commits under GitHub's private address: with the id, or as it was made before 2017."""
    person = draw.person()
    account = draw.first(person)
    yield account
    host = "users.noreply.github.com"
    login = account.username
    if draw.chance(0.2):
        login = (
            f"{draw.random.choice(names.NICKNAMES)}{draw.random.randrange(9999)}"  # renamed since
        )
    local = f"{account.external_id}+{login}" if draw.chance(0.75) else account.username
    yield draw.other(person, "git", email=f"{local}@{host}", username=login)


def typo(draw: Draw) -> Iterator[Account]:
    person = draw.person()
    yield draw.first(person, name=person.latin, email=person.email if draw.chance(0.5) else "")
    if draw.chance(0.5):
        yield draw.other(person, name=draw.typo(person.latin))
    else:
        local, host = person.email.split("@")
        yield draw.other(person, email=f"{draw.typo(local)}@{host}")


def colleagues(draw: Draw) -> Iterator[Account]:
    """People of one company, whose addresses are made in one way; some share a family name."""
    company = draw.random.choice(names.COMPANIES)
    pattern = draw.random.choice(["{g}.{f}", "{i}{f}", "{i}.{f}", "{g}"])
    first = draw.person()
    for _ in range(draw.random.randrange(3, 8)):
        person = draw.person(first.culture)
        if draw.chance(0.3):
            person.family = first.family
        given, family = ascii_of(person.given[-1]), ascii_of(person.family[-1])
        local = pattern.format(g=given, i=given[0], f=family)
        person.email = draw.address(local, company)
        yield draw.first(person, company=company, links=(f"https://{company}",))
        if draw.chance(0.5):
            yield draw.other(person, draw.random.choice(["slack", "git", ENTERPRISE]))


def role_address(draw: Draw) -> Iterator[Account]:
    """Several people who show the same info@ or support@ of their company."""
    role = f"{draw.random.choice(names.ROLES)}@{draw.random.choice(names.COMPANIES)}"
    for _ in range(draw.random.randrange(2, 6)):
        person = draw.person()
        if draw.chance(0.5):
            yield draw.first(person, email=role)
        else:
            yield draw.other(person, email=role)


def shared_address(draw: Draw) -> Iterator[Account]:
    """One address on fifty accounts: a class of students, or a mail gateway."""
    email = draw.person().email
    for _ in range(50):
        yield draw.other(
            draw.person(), draw.random.choice(["discourse", "slack", "git"]), email=email
        )


def household(draw: Draw) -> Iterator[Account]:
    """Two people under one roof: one family name, and now and then one address."""
    first = draw.person()
    second = draw.person(first.culture)
    second.family = first.family
    yield draw.first(first, name=first.latin)
    yield draw.first(second, name=second.latin)
    if draw.chance(0.5):
        yield draw.other(second, "git", email=first.email, name=second.latin)


def machine(draw: Draw) -> Iterator[Account]:
    """Commits of a machine that nobody set up: strangers under one name and address."""
    person = draw.person()
    email = draw.random.choice(names.MACHINE_MAILS)
    name = draw.random.choice([*names.MACHINE_NAMES, person.given[0]])
    if draw.chance(0.3):
        yield draw.first(person)
    yield draw.account("git", person, username=email.split("@")[0], name=name, email=email)


def bot(draw: Draw) -> Iterator[Account]:
    """A person and a bot that carries their name and address."""
    person = draw.person()
    yield draw.first(person, name=person.latin, email=person.email)
    robot = draw.person()
    robot.username = f"{person.username}-bot"
    name = draw.random.choice([person.latin, f"{person.latin} (bot)", ""])
    email = person.email if draw.chance(0.5) else ""
    yield draw.account(GITHUB, robot, name=name, email=email, kind="bot")


def organization(draw: Draw) -> Iterator[Account]:
    """A person and an organization or an imported stand-in of the same name."""
    person = draw.person()
    yield draw.first(person, name=person.latin)
    other = draw.person()
    kind = draw.random.choice(["organization", "mannequin"])
    email = person.email if draw.chance(0.3) else ""
    yield draw.account(
        ENTERPRISE, other, username=person.username, name=person.latin, email=email, kind=kind
    )


def taken_login(draw: Draw) -> Iterator[Account]:
    """Somebody gave their login up, a stranger took it; a forum still knows the first by it."""
    person, stranger = draw.person(), draw.person()
    login = person.username
    new = f"{login}-{draw.random.choice(names.NICKNAMES)}"
    yield draw.first(person, username=new, earlier_usernames=(login,))
    yield draw.first(stranger, username=login)
    if draw.chance(0.5):
        yield draw.other(person, username=login)


def linked(draw: Draw) -> Iterator[Account]:
    """Two profiles that link each other; in one of three only one of them does."""
    person = draw.person()
    provider = draw.random.choice([ENTERPRISE, "discourse"])
    here = draw.account(GITHUB, person, name=draw.spelled(person))
    unlike = f"{draw.random.choice(names.NICKNAMES)}{draw.random.randrange(9999)}"
    there = draw.account(provider, person, username=unlike, name=draw.spelled(person))
    direction = draw.pick({"both": 66, "here": 17, "there": 17})
    if direction != "there":
        here = linking(here, there.url)
    if direction != "here":
        there = linking(there, here.url)
    yield here
    yield there


def admirers(draw: Draw) -> Iterator[Account]:
    """Somebody known, whose profile and website strangers link."""
    known = draw.first(draw.person(), links=(f"https://project{draw.random.randrange(10**6)}.org",))
    yield known
    for _ in range(draw.random.randrange(1, 6)):
        link = draw.random.choice([known.url, known.links[0]])
        yield draw.other(draw.person(), "discourse", links=(link,))


def shared_site(draw: Draw) -> Iterator[Account]:
    """A team whose members all link the website of their project."""
    site = f"https://team{draw.random.randrange(10**6)}.example.net/"
    for _ in range(draw.random.randrange(2, 9)):
        yield draw.first(draw.person(), links=(site,))


def own_site(draw: Draw) -> Iterator[Account]:
    """Somebody who shows their own website everywhere, written in several ways."""
    person = draw.person()
    host = draw.site(person.username).removeprefix("https://")
    forms = [f"https://{host}", f"http://www.{host}/", f"https://{host}/", host]
    yield draw.first(person, links=(draw.random.choice(forms),))
    yield draw.other(person, "discourse", links=(draw.random.choice(forms),))


Recipe = Callable[[Draw], Iterator[Account]]
# How often each class is drawn; a draw of some of them is a whole group of people.
CLASSES: dict[str, tuple[Recipe, float]] = {
    "single": (single, 300),
    "elsewhere": (elsewhere, 150),
    "several": (several, 150),
    "renamed": (renamed, 40),
    "common_names": (common_names, 12),
    "non_latin": (non_latin, 40),
    "transliterated": (transliterated, 40),
    "plus_address": (plus_address, 30),
    "noreply": (noreply, 40),
    "typo": (typo, 30),
    "colleagues": (colleagues, 10),
    "role_address": (role_address, 10),
    "shared_address": (shared_address, 0.5),
    "household": (household, 15),
    "machine": (machine, 20),
    "bot": (bot, 20),
    "organization": (organization, 15),
    "taken_login": (taken_login, 20),
    "linked": (linked, 30),
    "admirers": (admirers, 8),
    "shared_site": (shared_site, 5),
    "own_site": (own_site, 20),
}


def population(seed: int, *, people: int) -> list[Account]:
    """Invent at least PEOPLE people and return their accounts, in no order."""
    draw = Draw(seed)
    accounts: list[Account] = []
    weights = [weight for _, weight in CLASSES.values()]
    while draw.people < people:
        (group,) = draw.random.choices(list(CLASSES), weights)
        accounts.extend(replace(account, group=group) for account in CLASSES[group][0](draw))
    draw.random.shuffle(accounts)
    return accounts

"""Hold the directions of imports that docs/explanation/architecture.md describes."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from tests.circles import circle

ROOT = Path(__file__).resolve().parent.parent

# An app may import itself and whatever stands on a lower level.
LEVELS = {
    "common": 0,
    "accounts": 1,
    "kept": 1,
    "sources": 2,
    "members": 2,
    "messages": 3,
    "outgoing": 4,
    "people": 5,
    "integrations": 6,
    "mail": 7,
    "watching": 8,
    "safekeeping": 8,
    "doctor": 9,
}
# What is no app: the doors themselves, and what starts a process.
ABOVE = {"web", "cli", "mcp", "config", "embedded"}
# The same inside the services that know GitHub: a package may import itself and lower floors.
SERVICES = "dexxy.integrations.services"
FLOORS = {
    f"{SERVICES}.github.api": 0,
    f"{SERVICES}.github.mapping": 1,
    f"{SERVICES}.github_client": 1,
    f"{SERVICES}.github.access": 2,
    f"{SERVICES}.github.reading": 3,
    f"{SERVICES}.github.scheduling": 4,
    f"{SERVICES}.github.connecting": 5,
    f"{SERVICES}.github.webhooks": 5,
    f"{SERVICES}.github_sync": 5,
    f"{SERVICES}.retention": 6,
    f"{SERVICES}.workspace_deletion": 6,
}
# Who people may be does not depend on how GitHub is read.
CONTRIBUTORS = (f"{SERVICES}.contributors", f"{SERVICES}.contributor_identity")
# What a person, an API client or a queue calls; nothing below may call it back.
DOORS = {"graphql", "views", "door", "tasks", "admin", "urls", "management"}
DOOR_PACKAGES = (
    "dexxy.web",
    "dexxy.cli",
    "dexxy.mcp",
    "dexxy.config.schema",
    "dexxy.config.urls",
)
# The only ones that may know where a setting comes from.
READERS_OF_CONFIG = {"web", "cli", "doctor", "config"}
FORBIDDEN_NAMES = {"utils", "helpers", "manager"}
COMMON = {
    "__init__",
    "admin",
    "api",
    "counts",
    "attended",
    "crypto",
    "errors",
    "ids",
    "models",
    "outside",
    "pages",
    "queue",
    "read_only",
    "redaction",
    "replica",
    "replica_watch",
    "spreadsheet",
    "sql",
    "stopping",
    "times",
    "valkey",
} | {
    "graphql",
    "graphql_cost",
    "graphql_documents",
    "graphql_errors",
    "graphql_introspection",
    "graphql_limits",
    "graphql_size",
    "graphql_view",
}
GITHUB_SERVICES = (
    "dexxy.integrations.services.github",
    "dexxy.integrations.services.github_client",
)
# Who opens connections by another library, and why that leads to no address that others chose.
OTHER_CLIENTS = {
    "dexxy.cli.startup": "asks the web process of this machine whether it answers",
    "dexxy.doctor.platform": "asks processes of this machine whether they answer",
    "dexxy.mail": "sends mails by the server that the operator names",
    "dexxy.web.signing_in": "speaks as `requests` to allauth, and asks by the guarded client",
}
# The apps whose tables begin with their name, and what stands before a table's name in SQL.
TABLE = re.compile(
    r"(?:\b(?:FROM|JOIN|UPDATE|INTO|USING|ONLY|TABLE)\s+|,\s*(?:LATERAL\s+|ONLY\s+)?)"
    # Behind a comma, what a dot follows is a column.
    rf'"?({"|".join(LEVELS)})_[a-z_]+"?(?![a-z_."])',
    re.IGNORECASE,
)
MOST_MODULES_IN_A_FOLDER = 25
LONGEST_FUNCTION, LONG_FUNCTION, MOST_LONG_FUNCTIONS = 60, 40, 3


@dataclass(frozen=True)
class Module:
    """One file of the product.

    Args:
        imports: the full names of all that it imports.
        texts: all its string constants.
        functions: the names of its functions with their lengths in lines.
    """

    path: PurePosixPath
    imports: frozenset[str]
    texts: tuple[str, ...] = ()
    functions: tuple[tuple[str, int], ...] = ()

    @property
    def name(self) -> str:
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def package(self) -> str:
        return self.path.parts[0]

    @property
    def app(self) -> str:
        """The app of Dexxy that it belongs to; "" for what is no part of it."""
        return self.path.parts[1] if self.package == "dexxy" else ""

    @property
    def is_migration(self) -> bool:
        return "migrations" in self.path.parts

    def imports_of(self, *packages: str) -> list[str]:
        return sorted(name for name in self.imports if is_inside(name, *packages))


def is_inside(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def parse(path: str, source: str) -> Module:
    """Read a file: its imports of the top, of functions and of type checking alike."""
    module, tree = PurePosixPath(path), ast.parse(source)
    nodes = list(ast.walk(tree))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant))
    functions = (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return Module(
        module,
        frozenset(imported_names(module, tree)),
        tuple(text for text in texts if isinstance(text, str)),
        tuple((node.name, (node.end_lineno or 0) - node.lineno + 1) for node in functions),
    )


def imported_names(path: PurePosixPath, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.parts[: len(path.parts) - node.level] if node.level else ()
            base = ".".join([*package, *([node.module] if node.module else [])])
            yield base
            # `from dexxy import embedded` imports a module too, which only its name tells.
            yield from (f"{base}.{alias.name}" for alias in node.names)


@cache
def product_files() -> dict[PurePosixPath, str]:
    return {
        PurePosixPath(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for package in ("dexxy", "dexxy_simulator")
        for path in sorted((ROOT / package).rglob("*.py"))
        if not is_test(path.relative_to(ROOT))
    }


@cache
def product_modules() -> list[Module]:
    return [parse(path.as_posix(), text) for path, text in product_files().items()]


def is_test(path: Path) -> bool:
    return "tests" in path.parts or path.name == "conftest.py" or path.name.startswith("test_")


def is_door(name: str) -> bool:
    parts = name.split(".")
    in_an_app = parts[0] == "dexxy" and parts[1:2] and parts[1] in LEVELS
    if parts[:2] == ["dexxy", "common"] and parts[2:3] and parts[2].startswith("graphql"):
        return True
    return is_inside(name, *DOOR_PACKAGES) or bool(in_an_app and any(map(opens, parts[2:])))


def opens(part: str) -> bool:
    """Tell whether a file of this name is a door; the API of an app may take several."""
    return part in DOORS or part.startswith("graphql_")


def apps_out_of_reach(app: str) -> list[str]:
    """Return the apps that stand above APP, or beside it."""
    return [
        other for other, level in LEVELS.items() if level >= LEVELS.get(app, 99) and other != app
    ]


def floor_of(name: str) -> str | None:
    return next((package for package in FLOORS if is_inside(name, package)), None)


# A rule returns what a module imports, or is, against it.
def apps_import_downwards(module: Module) -> list[str]:
    if module.app not in LEVELS:
        return []
    return module.imports_of(*(f"dexxy.{app}" for app in apps_out_of_reach(module.app)))


def services_import_lower_floors(module: Module) -> list[str]:
    own = floor_of(module.name)
    if own is None:
        return []
    out_of_reach = [
        other for other, floor in FLOORS.items() if floor >= FLOORS[own] and other != own
    ]
    return module.imports_of(*out_of_reach)


def contributors_know_nothing_of_reading(module: Module) -> list[str]:
    if not is_inside(module.name, *CONTRIBUTORS):
        return []
    return module.imports_of(*FLOORS)


def statements_name_tables_below(module: Module) -> list[str]:
    # A table that a text of SQL names is an import, too, which Python does not see.
    if module.app not in LEVELS:
        return []
    out_of_reach = apps_out_of_reach(module.app)
    named = {found.lower() for text in module.texts for found in TABLE.findall(text)}
    return sorted(f"a table of {app}" for app in named if app in out_of_reach)


def only_doors_read_the_configuration(module: Module) -> list[str]:
    if module.package != "dexxy" or module.app in READERS_OF_CONFIG:
        return []
    return module.imports_of("dexxy.config")


def doors_are_called_by_nothing_below(module: Module) -> list[str]:
    # AppConfig.ready is where Django asks an app to wire itself up.
    if module.app not in LEVELS or is_door(module.name) or module.path.stem == "apps":
        return []
    return sorted(name for name in module.imports if is_door(name))


def models_import_no_services(module: Module) -> list[str]:
    if module.app not in LEVELS or "models" not in module.name.split("."):
        return []
    logic = {"services", "selectors"}
    return sorted(
        name
        for name in module.imports
        if name.startswith("dexxy.") and not logic.isdisjoint(name.split("."))
    )


def only_the_two_clients_open_connections(module: Module) -> list[str]:
    # One asks GitHub, the other all that others choose.
    clients = (*GITHUB_SERVICES, "dexxy.common.outside")
    if is_inside(module.name, *clients) or module.package != "dexxy":
        return []
    named = [name for name in OTHER_CLIENTS if is_inside(module.name, name)]
    others = () if named else ("requests", "urllib3", "urllib.request", "http.client", "smtplib")
    return module.imports_of("httpx", "httpcore", "aiohttp", "ftplib", "websockets", *others)


def production_runs_without_servers_of_its_own(module: Module) -> list[str]:
    if module.package == "dexxy_simulator" or module.app in {"cli", "embedded"}:
        return []
    return module.imports_of("dexxy.embedded", "dexxy_simulator")


def the_simulator_knows_nothing_of_dexxy(module: Module) -> list[str]:
    # It is the measure of our reading of GitHub: code shared with us would share our mistakes.
    return module.imports_of("dexxy") if module.package == "dexxy_simulator" else []


def only_graphql_files_import_strawberry(module: Module) -> list[str]:
    if module.name == "dexxy.config.schema" or module.path.stem.startswith("graphql"):
        return []
    return module.imports_of("strawberry", "strawberry_django")


def only_its_command_loads_what_answers_assistants(module: Module) -> list[str]:
    if module.app == "mcp" or module.name == "dexxy.cli.management.commands.mcp":
        return []
    return module.imports_of("dexxy.mcp", "mcp", "pydantic", "starlette", "uvicorn")


def names_say_what_is_inside(module: Module) -> list[str]:
    return [module.path.stem] if module.path.stem in FORBIDDEN_NAMES else []


def common_is_a_closed_list(module: Module) -> list[str]:
    return [module.path.stem] if module.app == "common" and module.path.stem not in COMMON else []


def no_function_is_too_long(module: Module) -> list[str]:
    return [name for name, lines in module.functions if lines > LONGEST_FUNCTION]


Rule = Callable[[Module], list[str]]
RULES: list[Rule] = [
    apps_import_downwards,
    services_import_lower_floors,
    contributors_know_nothing_of_reading,
    statements_name_tables_below,
    only_doors_read_the_configuration,
    doors_are_called_by_nothing_below,
    models_import_no_services,
    only_the_two_clients_open_connections,
    production_runs_without_servers_of_its_own,
    the_simulator_knows_nothing_of_dexxy,
    only_graphql_files_import_strawberry,
    only_its_command_loads_what_answers_assistants,
    names_say_what_is_inside,
    common_is_a_closed_list,
    no_function_is_too_long,
]


def path_of(example: str) -> str:
    """Return the path of an example: of Dexxy, unless it begins with another package."""
    return example if example.startswith("dexxy_simulator/") else f"dexxy/{example}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_product_keeps_the_rule(rule: Rule) -> None:
    broken = {str(module.path): rule(module) for module in product_modules() if rule(module)}

    assert broken == {}


def test_no_package_imports_one_that_imports_it() -> None:
    files = {path: text for path, text in product_files().items() if "migrations" not in path.parts}

    assert circle(files) == []


def test_a_circle_is_found_with_the_way_around_it() -> None:
    files = {
        PurePosixPath("dexxy/a/__init__.py"): "",
        PurePosixPath("dexxy/a/models.py"): "",
        PurePosixPath("dexxy/a/b/__init__.py"): "",
        PurePosixPath("dexxy/a/b/one.py"): "from dexxy.a import models\nfrom ..c import two",
        PurePosixPath("dexxy/a/c/__init__.py"): "",
        PurePosixPath("dexxy/a/c/two.py"): "from dexxy.a.b.one import x",
    }
    found = circle(files)
    files[PurePosixPath("dexxy/a/c/two.py")] = "def f():\n    from dexxy.a.b.one import x"

    assert {*found} == {"dexxy.a.b", "dexxy.a.c"}
    assert found[0] == found[-1]
    assert circle(files) == []


def test_few_functions_are_long() -> None:
    long = [
        f"{module.path}: {name}"
        for module in product_modules()
        for name, lines in module.functions
        if lines > LONG_FUNCTION
    ]

    assert long[MOST_LONG_FUNCTIONS:] == [], long


def test_no_folder_has_more_modules_than_one_takes_in_at_a_glance() -> None:
    folders = Counter(module.path.parent for module in product_modules() if not module.is_migration)

    assert {str(f): n for f, n in folders.items() if n > MOST_MODULES_IN_A_FOLDER} == {}


def test_every_folder_of_dexxy_has_a_level() -> None:
    found = {
        path.parts[1]
        for path in product_files()
        if path.parts[0] == "dexxy" and len(path.parts) > 2
    }

    assert LEVELS.keys() | ABOVE == found
    assert not LEVELS.keys() & ABOVE


def test_everything_among_the_services_has_a_floor() -> None:
    names = {module.name for module in product_modules()}
    within = (SERVICES, f"{SERVICES}.github")
    found = {name for name in names if name.rpartition(".")[0] in within} - {*within}

    assert FLOORS.keys() | {*CONTRIBUTORS} == found


def test_who_opens_connections_by_another_library_is_there() -> None:
    names = {module.name for module in product_modules()}

    assert [name for name in OTHER_CLIENTS if not any(is_inside(n, name) for n in names)] == []


def test_the_product_is_found() -> None:
    assert "dexxy.config.settings" in {module.name for module in product_modules()}


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (apps_import_downwards, "accounts/services.py", "from dexxy.messages.models import Thread"),
        (apps_import_downwards, "messages/feed.py", "import dexxy.integrations.models"),
        (apps_import_downwards, "members/feed.py", "from ..integrations import models"),
        (apps_import_downwards, "members/feed.py", "from dexxy.messages.models import Thread"),
        (apps_import_downwards, "members/feed.py", "from dexxy.sources.models import Source"),
        (apps_import_downwards, "messages/feed.py", "from dexxy.people import merging"),
        (
            services_import_lower_floors,
            "integrations/services/github/api/errors.py",
            "from dexxy.integrations.services.github_client import GitHubClient",
        ),
        (
            services_import_lower_floors,
            "integrations/services/github/mapping/threads.py",
            "from dexxy.integrations.services import github_client",
        ),
        (
            services_import_lower_floors,
            "integrations/services/github/access/app.py",
            "from ..reading.session import Reading",
        ),
        (
            services_import_lower_floors,
            "integrations/services/github/reading/lists.py",
            "def f():\n    from dexxy.integrations.services.github import scheduling",
        ),
        (
            services_import_lower_floors,
            "integrations/services/github/scheduling/schedule.py",
            "from dexxy.integrations.services.github.webhooks.delivery_log import read",
        ),
        (
            services_import_lower_floors,
            "integrations/services/github/connecting/oauth.py",
            "from dexxy.integrations.services.github.webhooks import inbox",
        ),
        (
            services_import_lower_floors,
            "integrations/services/github/scheduling/runs.py",
            "from dexxy.integrations.services.github_sync import credential_work",
        ),
        (
            contributors_know_nothing_of_reading,
            "integrations/services/contributors/comparing/suggestion_rules.py",
            "from dexxy.integrations.services.github.api.values import text",
        ),
        (
            contributors_know_nothing_of_reading,
            "integrations/services/contributor_identity.py",
            "from dexxy.integrations.services import github_client",
        ),
        (statements_name_tables_below, "members/sql.py", 'A = "SELECT 1 FROM messages_message"'),
        (statements_name_tables_below, "members/sql.py", 'A = "JOIN sources_source s ON true"'),
        (statements_name_tables_below, "members/sql.py", 'A = "FROM a, messages_message m"'),
        (
            statements_name_tables_below,
            "members/sql.py",
            "A = 'FROM a, LATERAL \"messages_thread\"'",
        ),
        (
            statements_name_tables_below,
            "messages/sql.py",
            'def f(x):\n    return f"UPDATE {x} x; insert into integrations_syncrun {x}"',
        ),
        (statements_name_tables_below, "common/sql.py", "A = 'DELETE FROM ONLY accounts_user'"),
        (
            only_doors_read_the_configuration,
            "integrations/services/github/access/app.py",
            "from dexxy.config.github_app import AppSettings",
        ),
        (only_doors_read_the_configuration, "common/crypto.py", "from dexxy import config"),
        (only_doors_read_the_configuration, "embedded/owner.py", "import dexxy.config.env"),
        (
            apps_import_downwards,
            "sources/services.py",
            "def f():\n    from dexxy import integrations",
        ),
        (apps_import_downwards, "common/models.py", "from dexxy.accounts.models import Workspace"),
        (
            doors_are_called_by_nothing_below,
            "messages/services.py",
            "from dexxy.messages import tasks",
        ),
        (
            doors_are_called_by_nothing_below,
            "members/selectors.py",
            "from .graphql import MemberType",
        ),
        (
            doors_are_called_by_nothing_below,
            "messages/people.py",
            "from dexxy.people.graphql import PeopleQuery",
        ),
        (
            doors_are_called_by_nothing_below,
            "sources/models.py",
            "from dexxy.web.pages import feed",
        ),
        (doors_are_called_by_nothing_below, "integrations/services/a.py", "from ..views import b"),
        (doors_are_called_by_nothing_below, "accounts/services.py", "import dexxy.config.schema"),
        (doors_are_called_by_nothing_below, "sources/models.py", "from .graphql_feed import Feed"),
        (models_import_no_services, "messages/models.py", "from dexxy.members import selectors"),
        (models_import_no_services, "members/models.py", "from .services import merge"),
        (only_the_two_clients_open_connections, "integrations/tasks.py", "import httpx"),
        (
            only_the_two_clients_open_connections,
            "integrations/services/contributor_identity.py",
            "from httpx import Client",
        ),
        (only_the_two_clients_open_connections, "outgoing/sending.py", "import requests"),
        (
            only_the_two_clients_open_connections,
            "kept/pictures.py",
            "def f():\n    from urllib.request import urlopen",
        ),
        (only_the_two_clients_open_connections, "web/pages.py", "from http import client"),
        (only_the_two_clients_open_connections, "mail/transport.py", "import httpx"),
        (production_runs_without_servers_of_its_own, "web/pages.py", "import dexxy_simulator"),
        (
            production_runs_without_servers_of_its_own,
            "config/wsgi.py",
            "import dexxy.embedded.owner",
        ),
        (
            the_simulator_knows_nothing_of_dexxy,
            "dexxy_simulator/app.py",
            "import dexxy.common.errors",
        ),
        (only_graphql_files_import_strawberry, "web/pages.py", "import strawberry"),
        (only_graphql_files_import_strawberry, "common/errors.py", "from strawberry import type"),
        (
            only_graphql_files_import_strawberry,
            "members/models.py",
            "import strawberry_django.auth",
        ),
        (only_its_command_loads_what_answers_assistants, "web/pages.py", "import mcp.types"),
        (
            only_its_command_loads_what_answers_assistants,
            "cli/startup.py",
            "def f():\n    from dexxy.mcp import http",
        ),
        (doors_are_called_by_nothing_below, "messages/selectors.py", "import dexxy.mcp.tool"),
        (names_say_what_is_inside, "messages/utils.py", ""),
        (names_say_what_is_inside, "integrations/services/helpers.py", ""),
        (names_say_what_is_inside, "web/manager.py", ""),
        (common_is_a_closed_list, "common/text.py", ""),
        (no_function_is_too_long, "web/pages.py", "def f():\n" + "    f()\n" * 60),
    ],
)
def test_each_rule_finds_what_breaks_it(rule: Rule, path: str, source: str) -> None:
    assert rule(parse(path_of(path), source)) != []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("integrations/tasks.py", "from dexxy.integrations.services import github_sync"),
        (
            "integrations/services/github/webhooks/drain.py",
            "from dexxy.integrations.services.github.scheduling import runs",
        ),
        ("integrations/services/github/mapping/webhooks.py", "from . import rules"),
        ("members/sql.py", 'A = "SELECT 1, messages_message.id, messages_count.x"'),
        ("messages/recount.py", 'A = "UPDATE members_identity i SET x = 1 FROM messages_message"'),
        ("doctor/github.py", "from dexxy.config.keys import keys"),
        ("web/pages.py", "def f():\n" + "    f()\n" * 59),
        ("integrations/services/github_client.py", "import httpx"),
        ("web/signing_in/flow.py", "from requests import RequestException"),
        ("web/pages.py", "from http import HTTPStatus"),
        ("integrations/services/github_sync.py", "from dexxy.messages.services import apply"),
        ("messages/models.py", "from dexxy.members.models import Identity"),
        ("members/graphql.py", "import strawberry_django\nfrom . import selectors"),
        ("messages/graphql_people.py", "import strawberry\nfrom .graphql import ActivityItem"),
        ("common/graphql_errors.py", "import strawberry"),
        ("config/schema.py", "import strawberry\nfrom dexxy.members import graphql"),
        ("config/urls.py", "from dexxy.integrations import views"),
        ("mcp/server.py", "from mcp import types\nfrom dexxy.web.search.grammar import Query"),
        ("cli/management/commands/mcp.py", "from dexxy.mcp.stdio import serve"),
        ("cli/demo.py", "import dexxy_simulator\nfrom dexxy import embedded"),
        ("dexxy_simulator/app.py", "from dexxy_simulator.state import State\nimport graphql"),
        ("web/pages.py", "from dexxy.messages.selectors import feed\nfrom django.urls import path"),
    ],
)
def test_what_the_design_allows_breaks_no_import_rule(path: str, source: str) -> None:
    module = parse(path_of(path), source)
    rules = [rule for rule in RULES if rule is not common_is_a_closed_list]

    assert {rule.__name__: rule(module) for rule in rules if rule(module)} == {}

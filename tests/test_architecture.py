"""Hold the directions of imports that docs/explanation/architecture.md describes."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parent.parent

# An app may import its own level and those below it.
LEVELS = {
    "common": 0,
    "accounts": 1,
    "sources": 2,
    "members": 2,
    "messages": 2,
    "integrations": 3,
    "doctor": 4,
}
# What a person, an API client or a queue calls; nothing below may call it back.
DOORS = {"graphql", "views", "webhook_door", "tasks", "admin", "urls", "management"}
DOOR_PACKAGES = ("dexxy.web", "dexxy.cli", "dexxy.config.schema", "dexxy.config.urls")
FORBIDDEN_NAMES = {"utils", "helpers", "manager"}
COMMON = {"__init__", "crypto", "errors", "ids", "models", "pages", "redaction", "sql"} | {
    "graphql",
    "graphql_errors",
    "graphql_limits",
    "graphql_size",
    "graphql_view",
}
GITHUB_CLIENT = "dexxy.integrations.services.github_client"


@dataclass(frozen=True)
class Module:
    """One file of the product, with the full names of all that it imports."""

    path: PurePosixPath
    imports: frozenset[str]

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

    def imports_of(self, *packages: str) -> list[str]:
        return sorted(name for name in self.imports if is_inside(name, *packages))


def is_inside(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def parse(path: str, source: str) -> Module:
    """Read every import of a file: of the top, of functions and of type checking alike."""
    module = PurePosixPath(path)
    return Module(module, frozenset(imported_names(module, ast.parse(source))))


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
def product_modules() -> list[Module]:
    return [
        parse(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for package in ("dexxy", "dexxy_simulator")
        for path in sorted((ROOT / package).rglob("*.py"))
        if not is_test(path.relative_to(ROOT))
    ]


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


# A rule returns what a module imports, or is, against it.
def apps_import_downwards(module: Module) -> list[str]:
    if module.app not in LEVELS:
        return []
    above = [app for app, level in LEVELS.items() if level > LEVELS[module.app]]
    return module.imports_of(*(f"dexxy.{app}" for app in above))


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


def only_the_client_imports_githubkit(module: Module) -> list[str]:
    return [] if module.name == GITHUB_CLIENT else module.imports_of("githubkit")


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


def names_say_what_is_inside(module: Module) -> list[str]:
    return [module.path.stem] if module.path.stem in FORBIDDEN_NAMES else []


def common_is_a_closed_list(module: Module) -> list[str]:
    return [module.path.stem] if module.app == "common" and module.path.stem not in COMMON else []


Rule = Callable[[Module], list[str]]
RULES: list[Rule] = [
    apps_import_downwards,
    doors_are_called_by_nothing_below,
    models_import_no_services,
    only_the_client_imports_githubkit,
    production_runs_without_servers_of_its_own,
    the_simulator_knows_nothing_of_dexxy,
    only_graphql_files_import_strawberry,
    names_say_what_is_inside,
    common_is_a_closed_list,
]


def path_of(example: str) -> str:
    """Return the path of an example: of Dexxy, unless it begins with another package."""
    return example if example.startswith("dexxy_simulator/") else f"dexxy/{example}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_product_keeps_the_rule(rule: Rule) -> None:
    broken = {str(module.path): rule(module) for module in product_modules() if rule(module)}

    assert broken == {}


def test_the_product_is_found() -> None:
    assert "dexxy.config.settings" in {module.name for module in product_modules()}


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (apps_import_downwards, "accounts/services.py", "from dexxy.messages.models import Thread"),
        (apps_import_downwards, "messages/feed.py", "import dexxy.integrations.models"),
        (apps_import_downwards, "members/feed.py", "from ..integrations import models"),
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
        (only_the_client_imports_githubkit, "integrations/tasks.py", "import githubkit"),
        (
            only_the_client_imports_githubkit,
            "integrations/services/github_sync.py",
            "from githubkit.exception import RequestFailed",
        ),
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
        (names_say_what_is_inside, "messages/utils.py", ""),
        (names_say_what_is_inside, "integrations/services/helpers.py", ""),
        (names_say_what_is_inside, "web/manager.py", ""),
        (common_is_a_closed_list, "common/text.py", ""),
    ],
)
def test_each_rule_finds_what_breaks_it(rule: Rule, path: str, source: str) -> None:
    assert rule(parse(path_of(path), source)) != []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("integrations/tasks.py", "from dexxy.integrations.services import github_sync"),
        ("integrations/services/github_client.py", "from githubkit import GitHub"),
        ("integrations/services/github_sync.py", "from dexxy.messages.services import apply"),
        ("messages/models.py", "from dexxy.members.models import Identity"),
        ("members/graphql.py", "import strawberry_django\nfrom . import selectors"),
        ("messages/graphql_people.py", "import strawberry\nfrom .graphql import ActivityItem"),
        ("common/graphql_errors.py", "import strawberry"),
        ("config/schema.py", "import strawberry\nfrom dexxy.members import graphql"),
        ("config/urls.py", "from dexxy.integrations import views"),
        ("cli/demo.py", "import dexxy_simulator\nfrom dexxy import embedded"),
        ("dexxy_simulator/app.py", "from dexxy_simulator.state import State\nimport graphql"),
        ("web/pages.py", "from dexxy.messages.selectors import feed\nfrom django.urls import path"),
    ],
)
def test_what_the_design_allows_breaks_no_import_rule(path: str, source: str) -> None:
    module = parse(path_of(path), source)
    rules = [rule for rule in RULES if rule is not common_is_a_closed_list]

    assert {rule.__name__: rule(module) for rule in rules if rule(module)} == {}

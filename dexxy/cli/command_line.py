"""What each command takes on its command line.

Without Django: help and wrong use are answered at once, and start no server.
"""

import os
import re
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from dexxy.cli.errors import WrongUseError
from dexxy.common.ids import parse_id

QUEUES = ("deliveries", "pictures", "outgoing", "search", "exports", "sync")
EXPORTS = (
    *("threads", "messages", "events", "members", "growth", "releases", "person", "audit"),
    "all",
)
FORMATS = ("jsonl", "csv", "zip")
ROLES = ("member", "admin")
LONGEST_SLUG = 63
# Jobs that one worker does at once: beyond it, its processor is what they wait for.
MOST_CONCURRENCY = 100
# Where assistants are answered, unless a setting or an option says otherwise.
MCP_PORT = 8001
# Seconds.
_LONGEST_PAUSE = 3600.0
_SLUG = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_SLUG}}}")


@dataclass(frozen=True)
class CommandLine:
    """One command, as a person types it.

    Args:
        summary: its line in `dexxy --help`.
        help: its first line in its own help.
        add: adds its arguments to a parser.
    """

    summary: str
    help: str
    add: Callable[[ArgumentParser], None] = lambda parser: None


class Parser(ArgumentParser):
    """Reads the command line of one command."""

    def error(self, message: str) -> NoReturn:
        """Say in one line what is wrong, where argparse would print its usage.

        Raises:
            WrongUseError: always.
        """
        sentence = message[:1].upper() + message[1:]
        raise WrongUseError(f"{sentence}. `{self.prog} --help` lists the options.")


def parser_of(name: str) -> Parser:
    """Return what reads the command line of the command NAME."""
    command = COMMANDS[name]
    parser = Parser(prog=f"dexxy {name}", description=command.help)
    command.add(parser)
    return parser


def port_number(text: str) -> int:
    """Read a port from the command line."""
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise ArgumentTypeError(f"{text} is not a port: give a number from 1 to 65535")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= _LONGEST_PAUSE:  # also where it is not a number
        raise ArgumentTypeError(
            f"{text} is no time: give seconds, more than 0 and at most {_LONGEST_PAUSE:.0f}"
        )
    return seconds


def _concurrency(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 5 and 0 < int(text) <= MOST_CONCURRENCY:
        return int(text)
    raise ArgumentTypeError(
        f"{text} is no number of jobs: give a whole number from 1 to {MOST_CONCURRENCY}"
    )


def _parts(text: str) -> int:
    """Read a number of partitions from the command line."""
    if text.isascii() and text.isdigit() and 2 <= int(text) <= 1024:
        return int(text)
    raise ArgumentTypeError(f"{text} is no number of partitions: give one from 2 to 1024")


def _queue(text: str) -> str:
    if text not in QUEUES:
        raise WrongUseError(f"There is no queue {text}: choose from {', '.join(QUEUES)}.")
    return text


def _member(text: str) -> int:
    number = parse_id(text)
    if number is None:
        raise WrongUseError(f"{text} is no number of a member: it is in the address of their page.")
    return number


def _new_slug(text: str) -> str:
    if not _SLUG.fullmatch(text):
        raise WrongUseError(
            f"'{text}' cannot be the name of a workspace."
            f" Use letters, digits and hyphens, {LONGEST_SLUG} at most."
        )
    return text


def _token(text: str) -> str:
    if not text:
        raise WrongUseError(
            "A token is needed: --token TOKEN, or the environment variable GITHUB_TOKEN."
        )
    return text


def _readable(text: str) -> Path:
    path = Path(text)
    if path.is_dir():
        raise WrongUseError(f"{text} is a folder: name a file.")
    if not os.access(path, os.F_OK):
        raise WrongUseError(f"There is no file {text}.")
    if not os.access(path, os.R_OK):
        raise WrongUseError(f"{text} is not for us to read: its owner, or root, may.")
    return path


def _file_to_read(text: str) -> Path:
    path = _readable(text)
    if not path.is_file():
        raise WrongUseError(f"{text} is a pipe or a device: name a file, for it is read twice.")
    return path


def _file_or_input(text: str) -> str:
    if text != "-":
        _readable(text)
    return text


def _file_to_write(text: str) -> Path:
    path = Path(text)
    if path.is_dir():
        raise WrongUseError(f"{text} is a folder: name a file in it.")
    if os.access(path, os.F_OK) and not path.is_file():  # a pipe, or a terminal
        return path
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise WrongUseError(f"There is no folder {folder}.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise WrongUseError(f"Nothing can be written to {folder}: choose another folder.")
    return path


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise WrongUseError(f"There is no folder {text}.")
    return path


def _file_or_output(text: str) -> str:
    if text != "-":
        _file_to_write(text)
    return text


def _address(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="the address to listen at. 0.0.0.0 is reachable from other machines: put a proxy with"
        " TLS in front (default: %(default)s)",
    )
    parser.add_argument(
        "--port",
        type=port_number,
        default=8000,
        help="the port to listen at (default: %(default)s)",
    )


def _web(parser: ArgumentParser) -> None:
    _address(parser)
    # The supervisor claims the port before it starts anything.
    parser.add_argument("--port-is-claimed", action="store_true", help=SUPPRESS)


def _repository(parser: ArgumentParser) -> None:
    parser.add_argument("repository", metavar="OWNER/REPO", help="as GitHub calls it")
    parser.add_argument(
        "--token",
        type=_token,
        default=os.environ.get("GITHUB_TOKEN", ""),
        help="a personal access token (default: the environment variable GITHUB_TOKEN)",
    )


def _sync(parser: ArgumentParser) -> None:
    _repository(parser)
    parser.add_argument(
        "--workspace",
        type=_new_slug,
        default="default",
        metavar="SLUG",
        help="the workspace to put it in, made if there is none of that name"
        " (default: %(default)s)",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the run as one JSON object, and no progress; `receipt` has a line for each kind"
        " of threads and, once there was a sweep, of messages",
    )
    parser.add_argument(
        "--sweep",
        action="store_true",
        help="compare every thread with GitHub, too, from the first one on, to find what vanished"
        " without a trace; the counts at the end then hold messages, too",
    )


def _workspace(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--workspace",
        default="default",
        metavar="SLUG",
        help="the workspace, which must be there (default: %(default)s)",
    )


def _probe(parser: ArgumentParser) -> None:
    _repository(parser)
    parser.add_argument(
        "--json",
        type=Path,
        default=Path("dexxy-probe.json"),
        metavar="FILE",
        help="where to write what was measured, for a report; what was there before is replaced"
        " (default: %(default)s)",
    )


def _import_members(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file", type=_file_to_read, metavar="FILE.csv", help="the people, a line each"
    )
    _workspace(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would happen, and store nothing"
    )
    parser.add_argument(
        "--skip-bad-rows", action="store_true", help="import the other rows all the same"
    )
    parser.add_argument(
        "--encoding",
        default="",
        metavar="NAME",
        help="what the file is written in, as latin-1; UTF-8 and UTF-16 are found out"
        " (default: found out)",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print an object a row (`line`, `outcome`, `problem`), then one for all",
    )


def _ingest(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file", type=_file_or_input, metavar="FILE.jsonl", help="what to read; - for the input"
    )
    _workspace(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="say what is wrong with it, and store nothing"
    )
    parser.add_argument(
        "--skip-errors",
        action="store_true",
        help="take the other lines all the same, and end with 0. What belongs to a line that is"
        " left out is left out with it",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one object: `lines` by what they tell, `bad`, `problems`, `new_threads`,"
        " `new_messages`, `is_stored`",
    )


def _export(parser: ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", choices=EXPORTS, help="what to write")
    parser.add_argument(
        "--all",
        action="store_true",
        help="the same as `all`: one zip file with everything of the workspace but secrets",
    )
    _workspace(parser)
    parser.add_argument(
        "--member",
        type=_member,
        metavar="ID",
        help="of `person`: who it is, by the number in the address of their page",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="how each is written; csv is of all but a person, and `all` is zip alone (default:"
        " jsonl)",
    )
    parser.add_argument(
        "--bom",
        action="store_true",
        help="begin a CSV file with a byte order mark, by which Excel knows that it is UTF-8",
    )
    parser.add_argument(
        "--output",
        type=_file_to_write,
        metavar="FILE",
        help="where to write it. The file is for its owner alone (0600), and there whole or not at"
        " all (default: the output)",
    )


def _sign_in_link(parser: ArgumentParser) -> None:
    parser.add_argument("email", metavar="EMAIL", help="the address of the account")
    parser.add_argument(
        "--reset-second-step",
        action="store_true",
        help="remove their authenticator app, passkeys and recovery codes, for whoever lost them",
    )
    parser.add_argument(
        "--new-password",
        action="store_true",
        help="let the link set a new password, for whoever forgot theirs",
    )


def _user_create(parser: ArgumentParser) -> None:
    parser.add_argument("email", metavar="EMAIL", help="counts as proven: make sure whose it is")
    parser.add_argument("--name", default="", help="what the others see (default: the address)")
    parser.add_argument(
        "--staff",
        action="store_true",
        help="let them run this Dexxy, too: the administration, the doctor, the GitHub App",
    )
    parser.add_argument(
        "--workspace", metavar="SLUG", help="put them into this workspace (default: into none)"
    )
    parser.add_argument(
        "--role", choices=ROLES, default=ROLES[0], help="in that workspace (default: %(default)s)"
    )


def _workspace_create(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="what people read")
    parser.add_argument(
        "--slug",
        type=_new_slug,
        help="what it is called in addresses: letters, digits and hyphens (default: what the name"
        " suggests and is free)",
    )
    parser.add_argument(
        "--admin",
        metavar="EMAIL",
        help="who administers it (default: the first who may run this Dexxy)",
    )


def _mcp(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--http",
        action="store_true",
        help="serve everybody over HTTP at /mcp, each with an API token of theirs (default: serve"
        " one program over standard input and output, as DEXXY_API_TOKEN says)",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="of --http: the address to listen at (default: %(default)s)",
    )
    parser.add_argument(
        "--port",
        type=port_number,
        help="of --http: the port to listen at (default: the setting DEXXY_MCP_PORT, else"
        f" {MCP_PORT})",
    )
    parser.add_argument("--port-is-claimed", action="store_true", help=SUPPRESS)


def _worker(parser: ArgumentParser) -> None:
    parser.add_argument(
        "queues",
        metavar="queue",
        nargs="*",
        type=_queue,
        help=f"the queues to work on, the most urgent first (default: {' '.join(QUEUES)})",
    )
    parser.add_argument(
        "--concurrency",
        type=_concurrency,
        metavar="N",
        help=f"how many jobs to do at once, {MOST_CONCURRENCY} at most; from 2 on each has a thread"
        " of this process (default: DEXXY_WORKER_CONCURRENCY, else 1, in a process of its own)",
    )


def _scheduler(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--every",
        type=_seconds,
        default=2.0,
        metavar="SECONDS",
        help=f"how often to look: more than 0, at most {_LONGEST_PAUSE:.0f} (default: %(default)s)",
    )


def _backup(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file", type=_file_or_output, metavar="FILE", help="where to write it; - for the output"
    )


def _restore(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file", type=_file_to_read, metavar="FILE", help="what `dexxy backup` wrote"
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="replace everything that is in the database. Whom that says to have been erased is"
        " erased in the backup, too",
    )
    parser.add_argument(
        "--erasures",
        type=_file_to_read,
        action="append",
        default=[],
        metavar="FILE",
        help="erase whom this journal (DEXXY_ERASURE_JOURNAL), or this other backup, says to have"
        " been erased, too; can be given several times",
    )


def _upgrade(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--check",
        action="store_true",
        help="say what would be done, and change nothing; ends with 2 if there is something",
    )
    parser.add_argument("--json", action="store_true", help="of --check: print one JSON object")
    parser.add_argument(
        "--backup", type=_file_to_write, metavar="FILE", help="back the database up to FILE first"
    )
    parser.add_argument("--no-backup", action="store_true", help="there is a backup already")
    parser.add_argument(
        "--old-programs",
        type=_folder,
        metavar="FOLDER",
        help="where `postgres` of the private database's older version is (default: where packages"
        " of this system put it)",
    )


def _partition(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--parts",
        type=_parts,
        default=16,
        metavar="N",
        help="how many partitions each table gets, 2 to 1024 (default: %(default)s)",
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--check",
        action="store_true",
        help="say what would be done, and change nothing; ends with 2 if there is something",
    )
    instead.add_argument(
        "--undo", action="store_true", help="remove what an unfinished run has left, and stop"
    )


def _doctor(parser: ArgumentParser) -> None:
    says = "print the findings, and facts in numbers, as one JSON object"
    parser.add_argument("--json", action="store_true", help=says)


COMMANDS: Mapping[str, CommandLine] = {
    "up": CommandLine(
        "run everything on one machine, and print where",
        "Run everything on this machine: web, workers, scheduler, and servers if none are set.",
        _address,
    ),
    "demo": CommandLine(
        "show a community of two repositories, without an account or a network",
        "Show a community of two repositories, without an account or a network.",
        _address,
    ),
    "sync": CommandLine(
        "connect a repository by personal access token and read it now",
        "Connect a GitHub repository by personal access token, and sync it here and now.",
        _sync,
    ),
    "probe": CommandLine(
        "measure what GitHub lets a token read, and write it down for a report",
        "Measure how GitHub answers a token: page sizes, time-outs, refusals, permissions."
        " It stores nothing of the repository, and what it writes down holds nothing private.",
        _probe,
    ),
    "import-members": CommandLine(
        "make people members before they write, from a CSV file",
        "Import people from a CSV file: names, addresses, and usernames on any platform.",
        _import_members,
    ),
    "ingest": CommandLine(
        "take in sources, people, threads and messages of a platform of your own",
        "Take in what a script tells of a platform that Dexxy does not read: sources, people,"
        " threads and messages, as JSON Lines. All of it, or nothing.",
        _ingest,
    ),
    "export": CommandLine(
        "write all threads, messages, events, members or counts of a workspace, or one person",
        "Write all threads, messages, members or counts of a workspace, all about one person, or"
        " everything as one zip file.",
        _export,
    ),
    "sign-in-link": CommandLine(
        "print a link that signs somebody in, once",
        "Print a link that signs somebody in, once and within an hour: for whoever is locked out.",
        _sign_in_link,
    ),
    "user-create": CommandLine(
        "make an account, and print a link that signs its owner in",
        "Make an account without a password, and print a link that signs its owner in, once.",
        _user_create,
    ),
    "workspace-create": CommandLine(
        "make a workspace with an administrator",
        "Make a workspace, which is a team and what it sees, with an administrator.",
        _workspace_create,
    ),
    "backup": CommandLine(
        "write everything to one file, while everything runs",
        "Write the whole database to one file, with the keys if DEXXY_BACKUP_PASSPHRASE is set.",
        _backup,
    ),
    "restore": CommandLine(
        "bring everything back from such a file",
        "Bring everything back from a file that `dexxy backup` wrote, into an empty database.",
        _restore,
    ),
    "upgrade": CommandLine(
        "bring the database to this version, or say what that would do",
        "Bring the database to this version of Dexxy, after a backup; with --check say what that"
        " would do.",
        _upgrade,
    ),
    "partition": CommandLine(
        "partition the largest tables by workspace, while everything runs",
        "Partition the largest tables by a hash of the workspace, while everything runs. A run that"
        " was interrupted goes on when it is started again.",
        _partition,
    ),
    "web": CommandLine("run the web process alone", "Run the web process alone.", _web),
    "mcp": CommandLine(
        "let an assistant read a workspace (Model Context Protocol)",
        "Let an assistant read a workspace: answers the Model Context Protocol, over standard input"
        " and output or over HTTP. It changes nothing.",
        _mcp,
    ),
    "worker": CommandLine("run a worker alone", "Run a worker alone.", _worker),
    "scheduler": CommandLine("run the scheduler alone", "Run the scheduler alone.", _scheduler),
    "doctor": CommandLine(
        "look at everything Dexxy needs, and say how to mend it",
        "Look at everything Dexxy needs, and say how to mend what is not well.",
        _doctor,
    ),
    "rotate-keys": CommandLine(
        "encrypt everything secret with the newest key",
        "Encrypt every stored token, key and secret with the first key of DEXXY_SECRET_KEY.",
    ),
    "manage": CommandLine("run one of Django's management commands", ""),
}

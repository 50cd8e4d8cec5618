"""One line a log entry, with its facts as fields, and nothing in it that opens a door.

What somebody sent us, and a log repeats, can begin no line of its own: what else an entry has, as
a traceback, is indented below it.
"""

import logging
import os
import re
import socket
import sys
import threading
import traceback
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from dexxy.common.redaction import redacted, redacted_fields
from dexxy.config import env
from dexxy.config.lean import structlog

# What ends a line, moves the cursor of a terminal, or turns the direction of writing around.
_CONTROLS = "\\x00-\\x1f\\x7f-\\x9f\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069"
_CONTROL = re.compile(f"[{_CONTROLS}]")
# The same but for the ends of lines in what has several, and what indents them.
_CONTROL_IN_LINES = re.compile(rf"(?![\n\t])[{_CONTROLS}]")
_INDENTED = "\n    "
# Characters of what somebody logs, as one text or field, and of a traceback; what is longer, as an
# address that a client sent, is cut.
_LONGEST, _LONGEST_TRACEBACK = 4_000, 40_000


def configure(level: str, form: str = "text") -> None:
    """Send structlog's and the standard library's entries to standard error.

    Args:
        level: DEBUG, INFO, WARNING or ERROR.
        form: `text` for people, or `json`: an object a line.

    Raises:
        SettingError: it is none of them.
    """
    if level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise env.SettingError(
            f"DEXXY_LOG_LEVEL={level} is unknown. Use DEBUG, INFO, WARNING or ERROR."
        )
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    logging.basicConfig(level=level, handlers=[_handler(form, shared)], force=True)
    _quiet_libraries(level)
    logging.setLogRecordFactory(_Record)
    _hook_crashes(form)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # What the level leaves out costs nothing.
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )


def _handler(form: str, shared: list[structlog.types.Processor]) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_as_json() if form == "json" else _as_text()),
            ],
        )
    )
    handler.addFilter(_plain_refusal)
    return handler


def _hook_crashes(form: str) -> None:
    sys.excepthook = _crash_as_json if form == "json" else _crash
    threading.excepthook = _crash_of_thread


def _quiet_libraries(level: str) -> None:
    # One line a request of every client library is noise, and may hold addresses of private things.
    for name in ("httpx", "httpcore", "rq.worker", "uvicorn.error", "mcp"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    # It logs sign-in links that are still good, as text that looks like nothing else.
    logging.getLogger("sesame").setLevel(logging.CRITICAL)


def _as_text() -> list[Any]:
    # Rich tracebacks would print local variables, and with them tokens.
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=_write_traceback
    )
    name = _process_name()

    def with_process(_logger: Any, _method: str, fields: Any) -> Any:
        return fields | {"process": name}  # those of `dexxy up` write into one terminal

    return [with_process, console, _without_secrets]


def _process_name() -> str:
    """Return which command of ours this process runs, such as `web`; else its program."""
    program, *arguments = [*sys.argv, ""]
    words = [word for word in arguments if word and not word.startswith("-")]
    return words[0] if words and "dexxy" in program else Path(program).name or "python"


def _as_json() -> list[Any]:
    # Any number of processes on any number of hosts write into one log.
    process = {"process": _process_name(), "host": socket.gethostname()}

    def with_process(_logger: Any, _method: str, fields: Any) -> Any:
        return fields | process | {"pid": os.getpid()}  # a job is a process that a worker forked

    return [
        _with_traceback,
        with_process,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=repr),
    ]


class _Record(logging.LogRecord):
    """What somebody logs, without secrets: whichever handler a library writes it with."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if isinstance(self.msg, dict):  # of structlog
            # A traceback is hidden where it is written.
            kept = {name: self.msg[name] for name in ("exc_info",) if name in self.msg}
            self.msg = redacted_fields(self.msg)
            self.msg = {name: _on_one_line(value) for name, value in self.msg.items()} | kept
            return
        try:
            text = self.getMessage()
        except (TypeError, ValueError, KeyError):
            # Python would complain on standard error, and repeat the arguments as they are.
            text = f"{self.msg} {self.args}"
        self.msg, self.args = _on_one_line(redacted(text)), None
        if self.exc_info and self.exc_info[0]:
            # Formatters write this in place of the traceback.
            self.exc_text = "    " + _traceback(*self.exc_info).replace("\n", _INDENTED)


def _on_one_line(value: Any) -> Any:
    """Return a text, or what a field holds, on one line that is not too long."""
    text = value if isinstance(value, str) else repr(value)
    if len(text) <= _LONGEST and not _CONTROL.search(text):
        return value
    return _CONTROL.sub(_shown, _cut(text, _LONGEST))


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def _shown(control: re.Match[str]) -> str:
    return repr(control[0])[1:-1]


def _traceback(
    kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> str:
    text = redacted("".join(traceback.format_exception(kind, error, trace)).rstrip())
    return _CONTROL_IN_LINES.sub(_shown, _cut(text, _LONGEST_TRACEBACK))


def _write_traceback(line: TextIO, exception: Any) -> None:
    """Write a traceback below the line that our formatter has begun."""
    line.write("\n" + _traceback(*exception))


def _with_traceback(_logger: Any, _method: str, fields: Any) -> Any:
    """Let an entry have its traceback as a text, and hide secrets in what was bound to it."""
    raised = fields.pop("exc_info", None)
    if isinstance(raised, BaseException):
        raised = (type(raised), raised, raised.__traceback__)
    elif raised is True:
        raised = sys.exc_info()
    hidden = redacted_fields(fields)
    if raised and raised[0]:
        hidden["exception"] = _traceback(*raised)
    return hidden


def _without_secrets(_logger: Any, _method: str, line: Any) -> str:
    """Hide secrets in a line that is ready, and indent what is below it."""
    return redacted(line).replace("\n", _INDENTED)


def _crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print why a process ends, which a supervisor puts into a log."""
    if sys.stderr is not None:
        sys.stderr.write(_traceback(kind, error, trace) + "\n")


def _crash_as_json(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    logging.getLogger("dexxy").critical("The process crashed.", exc_info=(kind, error, trace))


def _crash_of_thread(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_type is not SystemExit and crash.exc_value is not None:
        sys.excepthook(crash.exc_type, crash.exc_value, crash.exc_traceback)


def _plain_refusal(record: logging.LogRecord) -> bool:
    """Log what we refuse in one line: Django adds a traceback to some bad requests, and to those
    that came while the database was away."""
    status = getattr(record, "status_code", 500)
    if status < 500 or status == HTTPStatus.SERVICE_UNAVAILABLE:
        record.exc_info = None
        if record.levelno > logging.WARNING:
            record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True

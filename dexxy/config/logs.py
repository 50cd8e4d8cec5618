"""One line a log entry, with its facts as fields."""

import logging
import sys
from http import HTTPStatus
from typing import Any

import structlog

from dexxy.common.redaction import redacted
from dexxy.config import env


def configure(level: str) -> None:
    """Send structlog's and the standard library's entries to standard error.

    Args:
        level: DEBUG, INFO, WARNING or ERROR.

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
    colours = sys.stderr.isatty()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            # Rich tracebacks would print local variables, and with them tokens.
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer(
                    colors=colours, exception_formatter=structlog.dev.plain_traceback
                ),
                _without_tokens,
            ],
        )
    )
    handler.addFilter(_plain_refusal)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # One line a request of every client library is noise, and may hold addresses of private things.
    for name in ("httpx", "httpcore", "rq.worker"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # What the level leaves out costs nothing.
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )


def _without_tokens(_logger: Any, _method: str, line: Any) -> str:
    """Hide tokens in a line that is ready, so that none comes in by an error's text either."""
    return redacted(line)


def _plain_refusal(record: logging.LogRecord) -> bool:
    """Log what we refuse in one line: Django adds a traceback to some bad requests, and to those
    that came while the database was away."""
    status = getattr(record, "status_code", 500)
    if status < 500 or status == HTTPStatus.SERVICE_UNAVAILABLE:
        record.exc_info = None
        if record.levelno > logging.WARNING:
            record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True

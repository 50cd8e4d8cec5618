"""What can go wrong in the commands themselves."""

from dexxy.common.errors import DexxyError


class PortUnavailableError(DexxyError):
    """The address cannot be listened at: in use, forbidden, or not of this machine."""

    code = "port_unavailable"


class AlreadyRunningError(DexxyError):
    """Another Dexxy runs on the same private servers."""

    code = "already_running"


class NoTemporaryFolderError(DexxyError):
    """There is no folder for temporary files that can be written."""

    code = "no_temporary_folder"


class ProcessKeepsDyingError(DexxyError):
    """A process of ours ended again and again right after its start."""

    code = "process_keeps_dying"


class NotReadyError(DexxyError):
    """The web process does not answer in time."""

    code = "not_ready"


class WrongUseError(DexxyError):
    """The command line asks for something that makes no sense."""

    code = "wrong_use"


class DatabaseNotReadyError(DexxyError):
    """The database is empty, or of an older Dexxy."""

    code = "database_not_ready"


class ImportRefusedError(DexxyError):
    """Some rows of a file cannot be imported, so none was."""

    code = "import_refused"


def first_line(error: Exception) -> str:
    """Return what a log line holds of an error whose text may have several lines."""
    return (str(error).strip().splitlines() or ["it gives no reason"])[0]

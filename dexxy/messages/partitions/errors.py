"""What can go wrong while tables are partitioned; each says what to do next."""

from dexxy.common.errors import DexxyError


class PartitioningError(DexxyError):
    """The tables cannot be partitioned now; the old ones are in use and unchanged."""

    code = "partitioning"


class BusyError(PartitioningError):
    """Too much is written just now to do the last step while everybody waits."""

    code = "partitioning_busy"

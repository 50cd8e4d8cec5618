"""What `dexxy doctor` and its page look at: each line is green, or comes with its fix."""

from dexxy.doctor.examination import examine
from dexxy.doctor.finding import Finding, State

__all__ = ["Finding", "State", "examine"]

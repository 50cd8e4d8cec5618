"""The kinds of threads and messages in the API.

Types that use them import them from here: a type that is made before its enums are registered
would make others of the same name.
"""

import strawberry

from dexxy.messages.models import MessageKind, ThreadKind, ThreadState

__all__ = ["MessageKind", "ThreadKind", "ThreadState"]

strawberry.enum(ThreadKind, description="What kind of thread it is.")
strawberry.enum(ThreadState, description="Whether a thread is done.")
strawberry.enum(MessageKind, description="What was said or done.")

"""What people are told by mail: what they chose, what is due, and what became of it.

How a mail reads is written in `dexxy/web/mailing`, beside the pages that say the same.
"""

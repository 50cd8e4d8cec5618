"""One log of what changed in a workspace, and many followers of it.

Whoever writes messages, threads or members notes it in the log, in the same transaction
(`noting`). Followers read the log in the order of transactions, each from its own position
(`reading`); one that is stored with its position is a row (`followers`). Old lines are deleted
(`pruning`).
"""

"""What leaves a workspace by itself: webhooks, messages to chats, and feeds for readers.

A follower of the log of changes writes down what each endpoint is to hear (`following`, `waits`),
and a worker sends it (`sending`). What may leave at all is said in `privacy`.
"""

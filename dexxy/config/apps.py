from django.contrib.messages.apps import MessagesConfig


class ContribMessagesConfig(MessagesConfig):
    """Django's flash messages under another label: `messages` belongs to Dexxy's own app."""

    label = "contrib_messages"

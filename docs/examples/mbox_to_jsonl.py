"""Turn the archive of a mailing list (mbox) into lines that `dexxy ingest` takes.

    python mbox_to_jsonl.py dev.mbox --source dev --name dev@ants.org > dev.jsonl
    dexxy ingest dev.jsonl

It needs nothing but Python. Give it the whole archive each time: to ingest the same again changes
nothing, and an answer finds the mail that it answers.
"""

import argparse
import json
import mailbox
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from hashlib import sha256
from html.parser import HTMLParser

LONGEST_ID, LONGEST_BODY = 255, 200_000
FIRST = datetime(1970, 1, 2, tzinfo=UTC)
IDS = re.compile(r"<[^<>\s]+>")
REPLY = re.compile(r"^(?:\s*(?:re|aw|fwd?|sv|antw)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)


def header(mail: Message, name: str) -> str:
    """Return a header as text: decoded, on one line, '' where there is none."""
    raw = str(mail.get(name, ""))
    with suppress(HeaderParseError, LookupError, UnicodeError):  # then as it stands there
        raw = str(make_header(decode_header(raw)))
    return " ".join(clean(raw).split())


def clean(text: str) -> str:
    """Leave out what is no character, or half of one."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


class Words(HTMLParser):
    """The words of HTML, for mail that has no plain text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in ("style", "script")
        if tag in ("p", "br", "div", "li"):
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.found.append(data)


def decoded(part: Message) -> str:
    """Return the text of one part, whatever it says of its encoding."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        return content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # a name that nobody knows
        return content.decode("latin-1")


def body(mail: Message) -> str:
    """Return what somebody wrote: the plain text, else the words of the HTML."""
    parts = [part for part in mail.walk() if part.get_content_disposition() != "attachment"]
    plain = [decoded(part) for part in parts if part.get_content_type() == "text/plain"]
    text = "\n".join(plain)
    if not text.strip():
        words = Words()
        for part in parts:
            if part.get_content_type() == "text/html":
                words.feed(decoded(part))
        text = "".join(words.found)
    # An mbox marks a line that begins with "From ".
    text = re.sub(r"^>From ", "From ", clean(text), flags=re.MULTILINE)
    return text.strip()[:LONGEST_BODY]


def author(mail: Message) -> tuple[str, str]:
    """Return the address and the name of who wrote; archives may hide the @."""
    sender = header(mail, "From")
    hidden = re.fullmatch(r"(\S+) at (\S+)(?: \((.*)\))?", sender)
    if hidden:
        return f"{hidden[1]}@{hidden[2]}".lower()[:100], (hidden[3] or "")[:200]
    name, address = parseaddr(sender)
    return (address or name or "unknown").lower()[:100], name[:200]


def of_arrival(text: str) -> datetime:
    """Read the time of a line that begins a mail in an mbox."""
    return datetime.strptime(f"{text} +0000", "%a %b %d %H:%M:%S %Y %z")


def written_at(mail: mailbox.mboxMessage, before: datetime) -> datetime:
    """Return when it was written, or arrived; BEFORE where nothing says so that can be."""
    arrived = mail.get_from().partition(" ")[2]
    for text in (str(mail.get("Date", "")), arrived):
        for read in (parsedate_to_datetime, of_arrival):
            try:
                time = read(text.strip())
                time = (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
            except (TypeError, ValueError, OverflowError):
                continue
            if FIRST < time <= datetime.now(UTC):
                return time
    return before


def own_id(mail: Message, text: str) -> str:
    """Return the id of a mail; one that has none gets one that is always the same."""
    found = IDS.findall(str(mail.get("Message-ID", "")))
    if found and len(found[0]) <= LONGEST_ID:
        return clean(found[0])
    seen = "\n".join([*(str(mail.get(n, "")) for n in ("Message-ID", "From", "Date")), text])
    return f"<{sha256(seen.encode('utf-8', 'replace')).hexdigest()[:32]}@no.id>"


def mails(path: str) -> list[dict[str, object]]:
    """Read the mails of an archive, the oldest first, each once."""
    found: dict[str, dict[str, object]] = {}
    before = FIRST
    for mail in mailbox.mbox(path, create=False):
        text = body(mail)
        address, name = author(mail)
        before = written_at(mail, before)
        said = str(mail.get("References", "")) + str(mail.get("In-Reply-To", ""))
        found.setdefault(
            own_id(mail, text),
            {
                "at": before.isoformat(),
                "subject": header(mail, "Subject"),
                "body": text,
                "address": address,
                "name": name,
                "answers": IDS.findall(said),
            },
        )
    return sorted(({"id": key, **one} for key, one in found.items()), key=lambda one: one["at"])


def lines(path: str, provider: str, source: str, name: str) -> Iterator[dict[str, object]]:
    """Yield what Dexxy is told: the list, its people, and its threads with their messages."""
    yield {"type": "source", "provider": provider, "id": source, "name": name}
    people: dict[str, str] = {}
    # The id of any mail, here or missing, -> the first mail of its thread.
    threads: dict[str, str] = {}
    known: set[str] = set()
    of_list = {"provider": provider, "source": source}
    for mail in mails(path):
        people[mail["address"]] = mail["name"] or people.get(mail["address"], "")
        first = next((threads[one] for one in reversed(mail["answers"]) if one in threads), None)
        root = first or mail["id"]
        threads[mail["id"]] = root
        for one in mail["answers"]:
            threads.setdefault(one, root)
        if first is None:
            yield {
                **of_list,
                "type": "thread",
                "id": root,
                "title": REPLY.sub("", mail["subject"])[:1000].strip() or "(no subject)",
                "body": mail["body"],
                "author": mail["address"],
                "opened_at": mail["at"],
            }
        else:
            parent = next((one for one in reversed(mail["answers"]) if one in known), None)
            yield {
                **of_list,
                "type": "message",
                "thread": root,
                "id": mail["id"],
                "parent": parent,
                "body": mail["body"],
                "author": mail["address"],
                "occurred_at": mail["at"],
            }
            known.add(mail["id"])
    for address, called in people.items():
        email = address if re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", address) else None
        told = {"type": "person", "provider": provider, "id": address, "name": called}
        # Whoever writes a mail names the sender: nobody has proven that the address is theirs.
        yield {**told, "email": email, "email_verified": False}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mbox")
    parser.add_argument("--provider", default="lists", help="the name of the platform")
    parser.add_argument("--source", required=True, help="a name for the list that stays")
    parser.add_argument("--name", help="what people call the list (default: as --source)")
    asked = parser.parse_args()
    for line in lines(asked.mbox, asked.provider, asked.source, asked.name or asked.source):
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()

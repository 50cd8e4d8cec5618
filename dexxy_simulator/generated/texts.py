"""Invented texts: several scripts, emoji, Markdown, and now and then a very long one."""

from __future__ import annotations

from random import Random
from typing import Final

WORDS: Final = (
    *("the", "pool", "worker", "task", "returns", "panics", "when", "release", "is", "called"),
    *("twice", "under", "load", "after", "a", "timeout", "we", "should", "check", "whether"),
    *("this", "queue", "blocks", "and", "how", "memory", "grows", "with", "benchmarks", "on"),
    *("linux", "please", "add", "tests", "for", "that", "because", "it", "fails", "sometimes"),
)
SENTENCES: Final = (
    "Ich habe das auf Debian 12 nachgestellt, es hängt am Zeitüberschreitungswert.",
    "Même problème ici, la file reste bloquée après la fermeture.",
    "同样的问题,协程池关闭之后任务仍然在运行。",
    "リリース後にワーカーが終了しません。再現手順を書きました。",
    "작업자가 해제된 뒤에도 메모리가 줄지 않습니다.",
    "После обновления очередь больше не освобождается.",
    "المشكلة تظهر فقط عند إغلاق المجمع مرتين.",
    "पूल बंद करने के बाद भी कार्य चलते रहते हैं।",
    "הבעיה חוזרת רק תחת עומס.",
    "Looks good to me 👍🏽 🎉",
    "👩‍👩‍👧‍👦 family of emoji, combining: é ñ, and a wide one: 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "> quoted\n\nAnd the answer, with `code` and **weight**.",
    "```go\nfunc main() {\n\tdefer pool.Release()\n}\n```",
    "- [x] reproduced\n- [ ] fixed\n\n| a | b |\n|---|---|\n| 1 | 2 |",
    "<details><summary>Log</summary>\n\n<script>alert(1)</script>\n\n</details>",
    "See https://example.com/a?b=c&d=%20#e and mail nobody@example.com, cc @somebody, fixes #1.",
    "Windows line ends\r\nstand here\r\nand a tab\there.",
)
LABELS: Final = (
    "bug",
    "enhancement",
    "question",
    "good first issue",
    "文档",
    "wontfix 🚫",
    "area/pool",
)
PATHS: Final = ("pool.go", "worker.go", "internal/queue/spin lock.go", "docs/說明.md", "a/b/c/d.py")
# GitHub refuses bodies of more than 65,536 characters.
LONGEST: Final = 65_536


class Texts:
    """Writes texts from a seed."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def title(self) -> str:
        """Write one line."""
        if self._random.random() < 0.15:
            return self._random.choice(SENTENCES).partition("\n")[0][:120]
        return " ".join(self._random.choices(WORDS, k=self._random.randint(3, 9))).capitalize()

    def body(self) -> str:
        """Write what a person might: mostly a few lines, seldom pages of them."""
        chance = self._random.random()
        if chance < 0.002:
            return self.long(LONGEST)
        if chance < 0.01:
            return self.long(self._random.randint(4_000, 20_000))
        if chance < 0.3:
            return self._random.choice(SENTENCES)
        return self._plain()

    def opening(self) -> str:
        """Write the body of a thread, which may be empty."""
        if self._random.random() < 0.05:
            return ""
        return f"{self.body()}\n\n{self._plain()}"[:LONGEST]

    def long(self, length: int) -> str:
        """Write a text of exactly this length."""
        piece = "\n\n".join((*self._random.sample(SENTENCES, 4), self._plain()))
        return (f"{piece}\n\n" * (length // len(piece) + 1))[:length]

    def labels(self) -> list[str]:
        """Choose labels, mostly none."""
        return self._random.sample(LABELS, self._random.choice((1, 1, 1, 2, 3)))

    def place(self) -> tuple[str, int]:
        """Choose a line of a diff."""
        return self._random.choice(PATHS), self._random.randint(1, 900)

    def _plain(self) -> str:
        words = self._random.choices(WORDS, k=self._random.randint(4, 40))
        return " ".join(words).capitalize() + "."

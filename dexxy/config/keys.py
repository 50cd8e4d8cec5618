"""The keys that sign sessions and encrypt tokens."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from dexxy.config import env

SHORTEST = 12


def secret_keys(data_dir: Callable[[], Path]) -> list[str]:
    """Return the secret keys, newest first.

    They come from DEXXY_SECRET_KEY (several, separated by commas, while a key is being
    replaced); without it one is made on the first start and kept in the data folder.

    Args:
        data_dir: tells where that folder is.

    Raises:
        SettingError: a key is too short, or the data folder cannot be read or written.
    """
    given = env.words("DEXXY_SECRET_KEY")
    if any(len(key) < SHORTEST for key in given):
        raise env.SettingError(
            f"DEXXY_SECRET_KEY is shorter than {SHORTEST} characters, and could be guessed."
            " Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return given or [_kept_key(data_dir() / "secret.key")]


def _kept_key(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _create(path)
        key = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise env.SettingError(
            f"The secret key {path} cannot be read or written: {error.strerror}."
            " Set DEXXY_SECRET_KEY, or DEXXY_DATA_DIR to a folder you may write."
        ) from error
    except UnicodeDecodeError:
        key = ""
    if len(key) < SHORTEST:
        raise env.SettingError(
            f"The secret key {path} is damaged. Put it back from a backup; or remove it, and"
            " connect GitHub again."
        )
    return key


def _create(path: Path) -> None:
    # A whole file appears at once, and of two processes that start together one wins.
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(48), encoding="ascii")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()

"""What must never leave the process is cut out here: URLs of engines and messages of exceptions.

A message may hold anything, and no mask knows every secret: none leaves unless the operator has asked for it.
Then the rule is to keep prose and to mask values: a monitor needs to know *what kind of thing* went wrong,
never with whose data.
"""

from __future__ import annotations

import functools
import re
from types import SimpleNamespace
from typing import Any

_MESSAGE_BYTES = 200
# Looked at before anything is cut, so that a huge message costs nothing.
_SOURCE_CHARACTERS = 4096
_MASK = "***"
_shows_messages = False


@functools.cache
def _patterns() -> SimpleNamespace:
    """Compiled when the first message is masked: most processes never see one."""
    return SimpleNamespace(
        sql=re.compile(r"\s*[\[(](?:SQL|parameters|generated in|Background on this error)\b.*", re.IGNORECASE),
        url_account=re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s'\"]*@"),
        url_tail=re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^\s/?#'\"]*)[/?#][^\s'\"]*"),
        email=re.compile(r"[^\s@'\"<>()]+@[^\s@'\"<>()]+\.[^\s@'\"<>()]+"),
        # The opening quote must not follow a letter, or the apostrophe of "can't" would open a value.
        quoted=re.compile(r"(?<![A-Za-z0-9])(['\"`])(.*?)(?:\1(?![A-Za-z0-9])|$)"),
        named=re.compile(
            r"((?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key|key|auth\w*|bearer|cookie|session\w*|credential\w*"
            r"|dsn|sid|sig(?:nature)?|user\w*|login|card|iban|ssn)\s*[=:]\s*)\S+",
            re.IGNORECASE,
        ),
        path=re.compile(r"(?<![\w.])/[^\s'\"]{2,}"),
        word=re.compile(r"[A-Za-z0-9_\-+/=]{5,}"),
    )


def show_messages(shows: bool) -> None:
    """Whether messages of exceptions are given out at all. Not, unless this was called."""
    global _shows_messages
    _shows_messages = shows


def message(error: BaseException) -> str:
    """The exception's message: first line, before any SQL or parameters, values masked, at most 200 bytes.

    Empty where messages are not given out. Never raises: an exception whose text cannot be had gives an empty string.
    """
    if not _shows_messages:
        return ""
    try:
        text = str(error)[:_SOURCE_CHARACTERS].lstrip()
    except Exception:
        return ""
    return bounded(masked(_patterns().sql.sub("", text.split("\n", 1)[0].rstrip())), _MESSAGE_BYTES)


def masked(text: str) -> str:
    """``text`` without quoted values, addresses, paths, named secrets, and words that look like keys or numbers."""
    patterns = _patterns()
    text = patterns.url_account.sub(r"\1", text)
    text = patterns.url_tail.sub(r"\1", text)
    text = patterns.email.sub(_MASK, text)
    text = patterns.quoted.sub(rf"\1{_MASK}\1", text)
    text = patterns.named.sub(rf"\1{_MASK}", text)
    text = patterns.path.sub(_MASK, text)
    return str(patterns.word.sub(_masked_word, text))


def bounded(text: str, size: int) -> str:
    """``text`` cut to ``size`` bytes of UTF-8, never in the middle of a character."""
    data = text.encode("utf-8", "replace")
    return text if len(data) <= size and data.decode() == text else data[:size].decode("utf-8", "ignore")


def url(value: Any) -> str:
    """A database URL without password and without query; ``value`` is SQLAlchemy's URL object or a string."""
    drivername = getattr(value, "drivername", None)
    if drivername is None:
        return _plain_url(str(value))
    user, host = getattr(value, "username", None), getattr(value, "host", None)
    port, database = getattr(value, "port", None), getattr(value, "database", None)
    place = f"{_user(str(user))}@" if user else ""
    place += f"[{host}]" if host and ":" in host else host or ""
    place += f":{port}" if port else ""
    # An SQLite "file:" URI and an ODBC string carry a query, or everything, in the database's place.
    tail = str(database).partition("?")[0].partition(";")[0] if database else ""
    return f"{drivername}://{place}" + (f"/{tail}" if tail else "")


def _plain_url(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if not separator:
        return _MASK
    rest = rest.split("?", 1)[0]
    account, at, place = rest.rpartition("@")
    return f"{scheme}://{_user(account.split(':', 1)[0])}{at}{place}"


def _user(name: str) -> str:
    """The user in a URL, masked where it looks like a key: some services take one for a user."""
    return str(_patterns().word.sub(_masked_word, name))


def _masked_word(match: re.Match[str]) -> str:
    word = match.group()
    digits = sum(character.isdigit() for character in word)
    # Prose has no digits inside its words, and no words of this length; keys and numbers do.
    looks_like_value = digits >= 4 or (digits and len(word) >= 8 and digits != len(word)) or len(word) > 40
    return _MASK if looks_like_value else word

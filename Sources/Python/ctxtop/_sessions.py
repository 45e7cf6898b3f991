"""Orphan sessions: scoped ORM sessions that are still in their registry although their context is gone.

Nothing ever scans for them. A session can become an orphan at one moment only: when the context that it is
scoped by is popped and its ``remove()`` did not run, or ran too early. So the registries are asked for that one
key, at each pop of an app context; and at a checkout on a context that was popped already.

===========================  ===================================================================
scope                        key of a session in its registry
===========================  ===================================================================
app context                  the context's address (Flask-SQLAlchemy 3), or the context itself
thread                       the thread's or greenlet's identity (Flask-SQLAlchemy 1 and 2), or a
                             thread-local (SQLAlchemy's own default)
===========================  ===================================================================

CPython gives the address of a dead context to a new one: then the new context's ``db.session`` *is* the orphan,
with whatever transaction it has open. That is what "inherited" means. What is scoped by a thread is inherited by
the next request of that thread; it counts as an orphan only while it has a transaction open or work uncommitted,
since a program may mean to keep it.

Sessions, registries and contexts are held weakly.
"""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import _failures, _stack

IN_TRANSACTION, DIRTY, ENDED = 1, 2, 4
_APP_CONTEXT, _THREAD = "app context", "thread"
#: Method, endpoint and rule of a request.
_Label = tuple[str | None, str | None, str | None]
_NO_LABEL: _Label = (None, None, None)
# Orphans that are looked at again at each occasion: constant work, however many there are.
_LOOK_AGAIN = 4
# Sessions that were inherited and have ended, kept as evidence: the latest.
_EVIDENCE = 16


@dataclass
class _Orphan:
    token: int
    scoped: weakref.ref[Any]
    session: weakref.ref[Any]
    context: weakref.ref[Any] | None
    scope: str
    key: Any
    flags: int
    is_inherited: bool = False


class Sessions:
    """What is known of this process's scoped sessions. No method raises an ``Exception``.

    Every call comes from the thread that runs the event; the tables are small and changed under the GIL.
    """

    def __init__(self, native: Any) -> None:
        self._native = native
        self._current = _stack.current_app_context
        self._scoped: list[weakref.ref[Any]] = []
        self._orphans: dict[tuple[int, Any], _Orphan] = {}
        self._evidence: deque[int] = deque()
        self._turn = 0

    def learn(self, scoped: Any) -> None:
        """A ``scoped_session`` exists from now on."""
        if any(known() is scoped for known in self._scoped):
            return
        self._scoped.append(weakref.ref(scoped, self._forget))
        self._native.watch_sessions(self.popped, None if not self._orphans else self.pushed)

    def popped(self, context: Any) -> None:
        """An app context has just gone from the current unit's stack.

        None: a connection was checked out in a context that is current and yet gone, a copy of one that was popped.
        """
        try:
            label = _NO_LABEL
            if context is None:
                context = self._current()
                label = _failures.request_label(_stack.current_request_context())
            for reference in tuple(self._scoped):
                scoped = reference()
                if scoped is not None:
                    self._look(scoped, context, label)
            self._look_again()
        except Exception:
            return

    def pushed(self) -> None:
        """A context was pushed, and its request has a name now; only called while there are orphans."""
        try:
            context = self._current()
            for name, orphan in tuple(self._orphans.items()):
                key = id(context) if orphan.scope == _APP_CONTEXT else _scope_key(orphan.scoped())
                if orphan.key != key:
                    continue
                if orphan.context is not None and orphan.context() is context:
                    # A context that is pushed once more (a stream) has its session back.
                    self._released(name)
                else:
                    self._inherited(orphan)
        except Exception:
            return

    def _look(self, scoped: Any, context: Any, label: _Label) -> None:
        registry = scoped.registry
        store = getattr(registry, "registry", None)
        if type(store) is dict:
            session = store.get(id(context))
            if session is None:
                session = store.get(context)
            if session is not None or (id(scoped), id(context)) in self._orphans:
                self._found(scoped, session, _APP_CONTEXT, id(context), context, label)
                return
        key = _scope_key(scoped)
        if key is None or self._current() is not None:
            return
        session = store.get(key) if type(store) is dict else getattr(store, "value", None)
        known = (id(scoped), key) in self._orphans
        if known or (session is not None and flags_of(session)):
            self._found(scoped, session, _THREAD, key, context, label)

    def _found(self, scoped: Any, session: Any, scope: str, key: Any, context: Any, label: _Label) -> None:
        """The registry's answer for a key whose context is gone: a session, or None if all is well."""
        name = (id(scoped), key)
        known = self._orphans.get(name)
        if known is not None:
            if session is not None and known.session() is session:
                self._update(known)
                return
            self._released(name)
        if session is None:
            return
        flags = flags_of(session)
        token = self._native.session_orphaned(scope, flags, context, *label)
        if not token:
            return
        gone = weakref.ref(session, lambda _: self._released(name))
        self._orphans[name] = _Orphan(token, weakref.ref(scoped), gone, _weak(context), scope, key, flags)
        _watch_removal(self._look_again)
        self._native.watch_sessions(self.popped, self.pushed)

    def _inherited(self, orphan: _Orphan) -> None:
        session = orphan.session()
        if session is not None:
            orphan.flags = flags_of(session)
            orphan.is_inherited = True
            self._native.session_changed(orphan.token, orphan.flags, True)

    def _update(self, orphan: _Orphan) -> None:
        session = orphan.session()
        if session is None or orphan.is_inherited:
            return
        flags = flags_of(session)
        if flags != orphan.flags:
            orphan.flags = flags
            self._native.session_changed(orphan.token, flags, False)

    def _look_again(self) -> None:
        """A few orphans in turn: are they still in their registry?"""
        names = tuple(self._orphans)
        for step in range(min(_LOOK_AGAIN, len(names))):
            name = names[(self._turn + step) % len(names)]
            orphan = self._orphans.get(name)
            if orphan is None:
                continue
            if _is_registered(orphan):
                self._update(orphan)
            else:
                self._released(name)
        self._turn += _LOOK_AGAIN

    def _released(self, name: tuple[int, Any]) -> None:
        orphan = self._orphans.pop(name, None)
        if orphan is None:
            return
        if orphan.is_inherited:
            # Its heir has committed a stranger's work, or thrown it away: that stays true when it is gone.
            self._native.session_changed(orphan.token, orphan.flags | ENDED, False)
            self._evidence.append(orphan.token)
            if len(self._evidence) > _EVIDENCE:
                self._native.released(self._evidence.popleft())
        else:
            self._native.released(orphan.token)
        if not self._orphans:
            self._native.watch_sessions(self.popped, None)
            _unwatch_removal()

    def _forget(self, reference: weakref.ref[Any]) -> None:
        self._scoped = [known for known in self._scoped if known is not reference]


def install(native: Any) -> Sessions:
    """Know every ``scoped_session`` of this process, those made before included. Once per process; may raise."""
    from sqlalchemy.orm import scoping

    sessions = Sessions(native)
    cls = scoping.scoped_session
    original = cls.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        try:
            sessions.learn(self)
        except Exception:
            return

    __init__.__wrapped__ = original  # type: ignore[attr-defined]
    cls.__init__ = __init__
    for known in gc.get_objects():
        if isinstance(type(known), type) and issubclass(type(known), cls):
            sessions.learn(known)
    return sessions


def flags_of(session: Any) -> int:
    """What an orphan holds: an open transaction, work that is not committed. Asks no database."""
    flags = 0
    try:
        # Before SQLAlchemy 1.4 a session always has a transaction; it has begun once it has a connection.
        asked = getattr(session, "get_transaction", None)
        transaction = asked() if asked is not None else getattr(session, "transaction", None)
        if transaction is not None and (asked is not None or getattr(transaction, "_connections", True)):
            flags |= IN_TRANSACTION
        # What was flushed already is not new any more, but its transaction remembers it until it is committed.
        flushed = (getattr(transaction, name, None) for name in ("_new", "_dirty", "_deleted"))
        if session.new or session.dirty or session.deleted or any(flushed):
            flags |= DIRTY
    except Exception:
        return flags
    return flags


def _scope_key(scoped: Any) -> Any:
    """The key of the current thread or greenlet in a registry that is scoped so; None: it is scoped otherwise."""
    registry = getattr(scoped, "registry", None)
    function = getattr(registry, "scopefunc", None)
    if function is None:
        return None if registry is None else _thread_key(None)
    module, name = getattr(function, "__module__", None), getattr(function, "__name__", None)
    if (module, name) in _THREAD_SCOPES:
        return _thread_key(function)
    return None


# ``threading.get_ident``, ``greenlet.getcurrent`` and what Werkzeug and Flask-SQLAlchemy called them.
_THREAD_SCOPES = frozenset(
    [
        ("_thread", "get_ident"),
        ("threading", "get_ident"),
        ("greenlet", "getcurrent"),
        ("greenlet._greenlet", "getcurrent"),
        ("werkzeug.local", "get_ident"),
        ("werkzeug.local", "_get_ident"),
        ("flask_sqlalchemy", "_ident_func"),
    ]
)


def _thread_key(function: Callable[[], Any] | None) -> Any:
    # A greenlet itself as a key would keep it alive in our table.
    value = threading.get_ident() if function is None else function()
    return value if isinstance(value, int) else id(value)


def _weak(context: Any) -> weakref.ref[Any] | None:
    try:
        return weakref.ref(context)
    except TypeError:
        return None


def _is_registered(orphan: _Orphan) -> bool:
    scoped, session = orphan.scoped(), orphan.session()
    if scoped is None or session is None:
        return False
    store = getattr(scoped.registry, "registry", None)
    if type(store) is dict:
        return any(known is session for known in tuple(store.values()))
    # A thread-local can only be asked by its own thread; until then the last answer stands.
    return orphan.key != _thread_key(None) or getattr(store, "value", None) is session


def _watch_removal(removed: Callable[[], None]) -> None:
    """Hear of each ``remove()``, from wherever it is called, while there is an orphan to be removed.

    The class is asked to tell: a function in the object itself would know the object, and only garbage collection
    would end both.
    """
    global _remove
    from sqlalchemy.orm.scoping import scoped_session

    if _remove is not None:
        return
    original = scoped_session.remove

    def remove(self: Any) -> Any:
        try:
            return original(self)
        finally:
            with contextlib.suppress(Exception):
                removed()

    remove.__wrapped__ = original  # type: ignore[attr-defined]
    scoped_session.remove = _remove = remove  # type: ignore[method-assign]


def _unwatch_removal() -> None:
    global _remove
    # The last session may go while Python ends, when nothing can be imported any more.
    scoped_session = getattr(sys.modules.get("sqlalchemy.orm.scoping"), "scoped_session", None)
    if scoped_session is None:
        return

    # With another's function around ours, ours stays.
    if _remove is not None and scoped_session.remove is _remove:
        scoped_session.remove = _remove.__wrapped__
        _remove = None


#: What stands in the place of ``scoped_session.remove`` now.
_remove: Any = None

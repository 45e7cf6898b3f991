"""What `ctxtop run` has every Python load that the command starts. The other half is ``ctxtop._run``.

``ctxtop run`` puts this directory in front of PYTHONPATH and becomes the command. Then, in each Python:

* we leave the environment, so that what the server starts is not instrumented, and leave ``sys.path``;
* the ``sitecustomize`` that we shadow runs as it would have;
* when Flask is imported, ctxtop comes in. Before that nothing of it is loaded: who asks for ``logging`` first is to
  find what he would have found without us.

Who starts *itself* again stays instrumented, and so the environment gets us back for as long as that takes:

==============================  ==========================================================================
a program that becomes another  ``os.exec*`` in the process that the command started
gunicorn, on SIGUSR2            forks, and executes the program that it is itself
Werkzeug's reloader             ``ctxtop._run`` wraps it
uWSGI, on SIGHUP                executes itself from C: we stay in its environment, and leave it in the workers;
                                CTXTOP_RUN tells what is started meanwhile whose environment that is
==============================  ==========================================================================

This file may be loaded by any Python that a command starts first, an old one or one without ctxtop. It parses in
3.6, and needs nothing but what every Python has loaded by now.
"""

import os
import sys

_SITE = os.path.dirname(os.path.abspath(__file__))
_PATH = "PYTHONPATH"
_HOST = "CTXTOP_RUN"


def _without_us(path: list) -> list:
    return [entry for entry in path if not isinstance(entry, str) or not entry or os.path.abspath(entry) != _SITE]


def leave() -> None:
    """Leave the environment. Idempotent."""
    os.environ.pop(_HOST, None)
    rest = os.pathsep.join(_without_us(os.environ.get(_PATH, "").split(os.pathsep)))
    if rest:
        os.environ[_PATH] = rest
    else:
        os.environ.pop(_PATH, None)


def enter(environment: dict = os.environ) -> None:
    """Come back into an environment. Idempotent."""
    path = environment.get(_PATH)
    entries = _without_us(path.split(os.pathsep)) if path else []
    environment[_PATH] = os.pathsep.join([_SITE] + entries)


class _Execution:
    """``os.execv`` and ``os.execve``, which all of ``os.exec*`` end in: we stay with what is still the server."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.program = _program(getattr(sys, "orig_argv", ()))
        self.execv = os.execv
        self.execve = os.execve

    def install(self) -> None:
        def execv(path: object, argv: object) -> None:
            if self.is_ours(argv):
                try:
                    self.execve(path, argv, self.extended(os.environ))
                except Exception:
                    # It fails once more below, in its own words.
                    pass
            self.execv(path, argv)

        def execve(path: object, argv: object, env: object) -> None:
            self.execve(path, argv, self.extended(env) if self.is_ours(argv) else env)

        if self.execve in os.supports_fd:
            os.supports_fd.add(execve)
        os.execv, os.execve = execv, execve

    def is_ours(self, argv: object) -> bool:
        """Whether this is the process that was started, or runs the same program again."""
        try:
            return os.getpid() == self.pid or (self.program is not None and _program(argv) == self.program)
        except Exception:
            return False

    def extended(self, env: dict) -> dict:
        try:
            copy = {os.fsdecode(key): os.fsdecode(value) for key, value in env.items()}
            enter(copy)
            return copy
        except Exception:
            return env


def _program(argv: list) -> object:
    """``gunicorn`` of ``python -u /usr/bin/gunicorn shop:app`` and of ``python -m gunicorn``; None: not told."""
    words = iter([os.fsdecode(word) for word in argv][1:])
    for word in words:
        if word == "-m":
            return next(words, None)
        if word == "-c":
            return None
        if word in ("-W", "-X"):
            next(words, None)
        elif not word.startswith("-"):
            directory, name = os.path.split(word)
            name = os.path.basename(directory) if name == "__main__.py" else name
            return name[:-3] if name.endswith(".py") else name
    return None


def _is_grandchild() -> bool:
    """Whether the environment is that of a host which kept us for its own sake, and we are not that host."""
    host = os.environ.get(_HOST)
    if not host or host == str(os.getpid()):
        return False
    try:
        # It may have been forked since; it still is the same program.
        return os.readlink("/proc/" + host + "/exe") != os.readlink("/proc/self/exe")
    except FileNotFoundError:
        return False
    except OSError:
        return True


class _WhenFlask:
    """A finder that finds nothing: it brings ctxtop in when somebody asks for Flask."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> object:
        if fullname != "flask":
            return None
        if self in sys.meta_path:
            sys.meta_path.remove(self)
            _instrument()
        for finder in list(sys.meta_path):
            find_spec = getattr(finder, "find_spec", None)
            spec = find_spec(fullname, path, target) if find_spec is not None else None
            if spec is not None:
                return spec
        return None


def _instrument() -> None:
    try:
        from ctxtop import _run

        _run.start(enter, leave)
    except Exception as error:
        _complain(error)


def _complain(error: Exception) -> None:
    reason = type(error).__name__ + ": " + str(error)
    if getattr(error, "name", None) == "ctxtop":
        reason = str(sys.executable) + " has no ctxtop; install the package there"
    try:
        sys.stderr.write("ctxtop: process " + str(os.getpid()) + " is not monitored: " + reason + "\n")
    except Exception:
        pass


def _begin() -> None:
    is_grandchild = _is_grandchild()
    sys.path[:] = _without_us(sys.path)
    if is_grandchild or getattr(sys, "orig_argv", None) != []:
        leave()
    else:
        # No command line of Python's own: a host that embeds it, like uWSGI.
        os.environ[_HOST] = str(os.getpid())
    if is_grandchild:
        return
    _Execution().install()
    if "flask" in sys.modules:
        _instrument()
    else:
        sys.meta_path.insert(0, _WhenFlask())


def _run_shadowed() -> None:
    """What Python would have loaded in our place. What it raises is raised, as it would have been."""
    ours = sys.modules.pop(__name__, None)
    try:
        __import__(__name__)
    except ImportError as error:
        if error.name != __name__:
            raise
        if ours is not None:
            # Nobody is shadowed. The import of ourselves expects to find us.
            sys.modules[__name__] = ours


try:
    _begin()
except Exception as error:
    _complain(error)
_run_shadowed()

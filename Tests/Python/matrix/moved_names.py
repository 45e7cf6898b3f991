"""Names that old Flask, Werkzeug, Jinja2 and SQLAlchemy import from where Python no longer has them.

Put into the environments of old versions, and loaded by their interpreters at start. Aliases only: what ctxtop
sees of these libraries is what it would see on the Python of their time.
"""

import collections
import collections.abc
import inspect
from typing import Any

for _name in collections.abc.__all__:
    if not hasattr(collections, _name):
        setattr(collections, _name, getattr(collections.abc, _name))


def _getargspec(function: Any) -> Any:
    kind = collections.namedtuple("ArgSpec", "args varargs keywords defaults")  # noqa: PYI024
    return kind(*inspect.getfullargspec(function)[:4])


def _formatargspec(
    args: Any,
    varargs: Any = None,
    varkw: Any = None,
    defaults: Any = None,
    kwonlyargs: Any = (),
    kwonlydefaults: Any = None,
    *_annotations: Any,
    formatvalue: Any = lambda value: f"={value!r}",
    **_formats: Any,
) -> str:
    first = len(args) - len(defaults or ())
    parts = [name + (formatvalue(defaults[index - first]) if index >= first else "") for index, name in enumerate(args)]
    parts += [f"*{varargs}"] if varargs else ["*"] if kwonlyargs else []
    for name in kwonlyargs or ():
        parts.append(name + (formatvalue(kwonlydefaults[name]) if name in (kwonlydefaults or ()) else ""))
    parts += [f"**{varkw}"] if varkw else []
    return f"({', '.join(parts)})"


for _name, _function in {"getargspec": _getargspec, "formatargspec": _formatargspec}.items():
    if not hasattr(inspect, _name):
        setattr(inspect, _name, _function)

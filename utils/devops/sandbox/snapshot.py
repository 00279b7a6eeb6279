"""Keeps the state of AWS from one run of a sandbox to the next.

Moto's state is Python objects in one process: each service's are pickled into a file of their own,
so that one service that cannot be kept does not take the others with it. Locks and threads are
made anew; small functions inside moto (factories of default values) are kept as their code.
The files belong to the user alone and are read only from the user's own state folder.
"""

from __future__ import annotations

import builtins
import importlib
import io
import json
import logging
import marshal
import os
import pickle  # nosec B403 - see the module's docstring
import shutil
import sys
import threading
import types
import weakref
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.core.base_backend import BackendDict, BaseBackend

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)
LOST = "lost.json"
"""Names of the services whose state could not be kept."""

_POSITIONS = "stream-positions"
_VERSION = "version"
_FORMAT = 2
_ACCOUNTS = "accounts"
_SHARED = "shared"
"""What a service keeps for all accounts together, such as whose a bucket is."""

_PLAIN = frozenset(vars(BackendDict(BaseBackend, "none")))
_LOCK = type(threading.Lock())
_RLOCK = type(threading.RLock())


def save(folder: Path, positions: Any) -> list[str]:
    """Keep everything; the names of the services that could not be kept."""
    staging = folder.with_suffix(".new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True, mode=0o700)
    lost = []
    for backends in list(vars(BackendDict)["_instances"]):
        content = {
            _ACCOUNTS: {account: dict(regions) for account, regions in backends.items()},
            _SHARED: {name: value for name, value in vars(backends).items() if name not in _PLAIN},
        }
        try:
            _write(staging / backends.service_name, content)
        except Exception as error:  # any object of moto may refuse in any way
            _log.warning("the state of %s cannot be kept: %s", backends.service_name, error)
            lost.append(backends.service_name)
    (staging / LOST).write_text(json.dumps(lost), encoding="utf-8")
    _write(staging / _POSITIONS, positions)
    _write(staging / _VERSION, _version())
    shutil.rmtree(folder, ignore_errors=True)
    staging.rename(folder)
    return lost


def load(folder: Path) -> Any:
    """Bring everything back; how far streams were read, or None when nothing was kept."""
    if not (folder / _VERSION).is_file() or _read(folder / _VERSION) != _version():
        return None
    positions: Any = {}
    for path in sorted(folder.iterdir()):
        if path.name in (_VERSION, LOST):
            continue
        content = _read(path)
        if path.name == _POSITIONS:
            positions = content
            continue
        backends = _backends(path.name)
        vars(backends).update(content[_SHARED])
        for account, regions in content[_ACCOUNTS].items():
            kept = backends[account]
            for region, backend in regions.items():
                kept[region] = backend
    return positions


def _backends(service: str) -> Any:
    from moto.backends import get_backend

    aliases = {"lambda": "awslambda"}
    return get_backend(aliases.get(service, service))  # type: ignore[call-overload]


def _version() -> str:
    """State of another Python, moto or format is not read: its objects may look different."""
    import moto

    return f"{_FORMAT} {sys.version_info[:2]} {moto.__version__}"


def _write(path: Path, content: Any) -> None:
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(content)
    _parsed(buffer.getvalue())  # what cannot be read back is lost now, not at the next start
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(buffer.getvalue())


def _read(path: Path) -> Any:
    return _parsed(path.read_bytes())


def _parsed(content: bytes) -> Any:
    return pickle.loads(content)  # nosec B301  # noqa: S301


class _Pickler(pickle.Pickler):
    def reducer_override(self, item: Any) -> Any:
        if isinstance(item, _LOCK):
            return threading.Lock, ()
        if isinstance(item, _RLOCK):
            return threading.RLock, ()
        if isinstance(item, threading.Condition):
            return threading.Condition, ()
        if isinstance(item, threading.Event):
            return threading.Event, ()
        if isinstance(item, weakref.WeakValueDictionary):
            return _weak, (dict(item),)
        if isinstance(item, defaultdict) and type(item) is not defaultdict:
            made = (type(item), item.default_factory)
            return _default_dict, made, vars(item), None, iter(item.items())
        if isinstance(item, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            return _private_key, (_der(item),)
        if isinstance(item, types.FunctionType) and "<" in item.__qualname__:
            return _function, (item.__module__, marshal.dumps(item.__code__), _cells(item))
        return NotImplemented


def _weak(content: dict[Any, Any]) -> weakref.WeakValueDictionary[Any, Any]:
    return weakref.WeakValueDictionary(content)


def _default_dict(kind: Any, factory: Any) -> Any:
    """An instance of a subclass whose own constructor wants something else."""
    made = kind.__new__(kind)
    defaultdict.__init__(made, factory)
    return made


def _der(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())


def _private_key(content: bytes) -> Any:
    return serialization.load_der_private_key(content, password=None)


def _cells(function: types.FunctionType) -> tuple[Any, ...]:
    return tuple(cell.cell_contents for cell in function.__closure__ or ())


def _function(module: str, code: bytes, cells: tuple[Any, ...]) -> types.FunctionType:
    space = vars(importlib.import_module(module))
    space.setdefault("__builtins__", builtins)
    closure = tuple(types.CellType(cell) for cell in cells)
    loaded = marshal.loads(code)  # nosec B302  # noqa: S302
    return types.FunctionType(loaded, space, closure=closure or None)

"""What stands for things that show something, where nobody looks: whatever is asked of it, nothing happens."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# An answer's cell may import these, and draw what it likes; a right answer below that is still a right answer.
SILENT = {"IPython", "ipywidgets", "matplotlib", "mpl_toolkits", "seaborn", "tqdm"}
SILENT |= {"bnlib.bar", "bnlib.plots", "bnlib.sidebyside", "bnlib.style", "bnlib.table"}


class Silence:
    """Can be called, indexed, entered and asked for anything, and gives itself."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Silence()

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Take anything, and give another one."""
        return Silence()

    def __getitem__(self, key: Any) -> Any:
        return Silence()

    def __iter__(self) -> Any:
        return iter(())

    def __setitem__(self, key: Any, value: Any) -> None:
        """Forget it."""

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: Any) -> None:
        """Leave."""


class SilentModules:
    """Finds modules that do nothing in the place of those that show something."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """A module for each of these names and whatever is below them."""
        parts = name.split(".")
        if not any(".".join(parts[:count]) in SILENT for count in (1, 2)):
            return None
        return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A module with every name in it."""
        module = ModuleType(spec.name)
        module.__getattr__ = lambda name: _part(spec.name, name)  # type: ignore[method-assign]
        return module

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


# Whose result a program goes on with.
_GIVING: dict[str, Any] = {
    "subplots": lambda *args, **options: (Silence(), Silence()),
    "tqdm": lambda over=(), *args, **options: over,
    "trange": lambda *args, **options: range(*args),
}


def _part(module: str, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    if name in _GIVING:
        return _GIVING[name]
    return sys.modules.get(f"{module}.{name}", Silence())

"""What several commands share, in a module that imports none of them."""

from __future__ import annotations

import importlib

import click


def need_jax() -> None:
    """Raise a one-line ``ClickException`` if JAX cannot be imported."""
    try:
        importlib.import_module("jax")
    except ImportError as problem:
        raise click.ClickException(f"JAX cannot be imported ({problem}): pip install jax") from None

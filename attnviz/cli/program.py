"""Typer's classes as this program uses them: light to start, and honest about closed pipes."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from attnviz.cli.panels import panels
from attnviz.memory import require_least

# Typer brings its own click or uses the installed one; either way this is click's UsageError.
UsageError: Any = typer.BadParameter.__mro__[1]


class HungUp(Exception):
    """Whoever read our output has gone, as ``head`` does."""


class _AsTyped:
    """Stands where typer converts values; here all of them are text, flags, or nothing at all.

    Since 0.29 typer converts with pydantic, which takes longer to import than NumPy.
    """

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ARG002
        return () if value is None and (param.multiple or param.nargs == -1) else value


def _as_typed(params: list[Any]) -> list[Any]:
    for param in params:
        param._runtime_param = _AsTyped()
    return params


def _repeated(given: Sequence[Any]) -> Iterator[Any]:
    """Options that were given more than once and hold one value, or contradict themselves."""
    options = [param for param in given if param.param_type_name == "option"]
    times = Counter(map(id, options))
    for param in options:
        harmless = param.multiple or (param.is_flag and not param.secondary_opts)
        if times[id(param)] > 1 and not harmless:
            yield param


def _once(param: Any) -> str:
    """What is wrong with an option that was given twice."""
    if param.secondary_opts:
        return f"{param.opts[0]} or {param.secondary_opts[0]} is given more than once; give it once"
    return f"{max(param.opts, key=len)} is given more than once and takes one value; give it once"


class Command(TyperCommand):
    """One command, whose options arrive as they were typed."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its options and arguments."""
        return _as_typed(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read its options; UsageError where one that takes a single value is given twice.

        Click would take the last and say nothing.
        """
        typed = list(args)
        rest: list[str] = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            _, _, given = self.make_parser(ctx).parse_args(args=typed)
            for param in _repeated(given):
                raise UsageError(_once(param), ctx=ctx)
        return rest

    def invoke(self, ctx: Any) -> Any:
        """Run it; TooBig where there is not even the memory to begin."""
        require_least()
        return super().invoke(ctx)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Its parameters in panels."""
        for panel, params in panels(self.get_params(ctx)):
            records = [record for param in params if (record := param.get_help_record(ctx))]
            if records:
                with formatter.section(panel):
                    formatter.write_dl(records)


class Program(TyperGroup):
    """All commands; click would answer a closed pipe itself, so it is given another name."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The options that stand before the command."""
        return _as_typed(super().get_params(ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first words name: two of them where there is one of that name."""
        if " ".join(args[:2]) in self.commands:
            args = [" ".join(args[:2]), *args[2:]]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command and write out what it printed, while a failure can still be told."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise HungUp from error
        return result

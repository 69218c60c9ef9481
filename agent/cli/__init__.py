# SPDX-License-Identifier: Apache-2.0
"""The command line: one module per command; nothing is computed here."""

from __future__ import annotations

import argparse
import io
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from agent.errors import ConfigError, WattprintError

if TYPE_CHECKING:
    from collections.abc import Sequence

# In the order a newcomer meets them. A module is imported when its command is called.
COMMANDS = (
    "run",
    "once",
    "doctor",
    "inventory",
    "embodied",
    "power",
    "compare",
    "explain",
    "factors",
    "recompute",
    "config",
    "capture",
)

DONE, COULD_NOT, WRONG_INPUT = 0, 1, 2


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; see `{self.prog} --help`")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0 done, 1 could not do it, 2 wrong arguments or config."""
    try:
        return _execute(sys.argv[1:] if argv is None else list(argv))
    except ConfigError as error:
        return _complain(error, WRONG_INPUT)
    except WattprintError as error:
        return _complain(error, COULD_NOT)
    except BrokenPipeError:
        # The reader has gone (`wattprint once | head`); keep the interpreter from complaining when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT
    except KeyboardInterrupt:
        return COULD_NOT
    except OSError as error:
        name = f"{error.filename}: " if error.filename else "cannot go on: "
        return _complain(WattprintError(f"{name}{error.strerror or error}"), COULD_NOT)


def _execute(argv: list[str]) -> int:
    arguments = _parser(argv).parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that has no × gets a question mark
    from agent.recording.captured import open_root  # noqa: PLC0415 - not needed for --help

    with open_root(arguments.root) as host:
        status: int = arguments.execute(arguments, host)
        sys.stdout.flush()
        return status


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="wattprint",
        description="Power, Scope 2 and Scope 3 of this Linux server: measured on the host, with bounds and sources.",
        epilog="Start with `wattprint once`, then `wattprint doctor`. `wattprint COMMAND --help` shows its options.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    called = next((word for word in argv if not word.startswith("-")), None)
    called = called if called in COMMANDS else None
    shown = () if argv[:1] == ["--version"] else COMMANDS
    for name in (called,) if called else shown:
        module = import_module(f"agent.cli.{name}")
        command = commands.add_parser(name, help=module.HELP, description=module.HELP)
        command.add_argument(
            "--root",
            type=Path,
            default=Path("/"),
            metavar="DIR",
            help="read a captured machine, or another root such as /host in a container, in place of /",
        )
        module.add_arguments(command)
        command.set_defaults(execute=module.execute)
    return parser


class _Version(argparse.Action):
    """Print the version; looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from agent.version import VERSION  # noqa: PLC0415

        print(f"wattprint {VERSION}")
        parser.exit()


def _complain(error: WattprintError, status: int) -> int:
    print("wattprint: " + " ".join(str(error).split()), file=sys.stderr)
    return status

"""The command ``himapp``: ``himapp [PHOTO]`` opens the window, the commands need none.

``himapp matte PHOTO... --out DIR`` writes every person's matte, ``himapp export PROJECT... --out
DIR`` the files of projects; ``himapp selftest`` tries it all.

Neither Qt nor torch is loaded before there is work for it, so that ``--help`` is instant.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from himapp import __version__
from himapp.cli.export import run_export_command
from himapp.cli.export_arguments import add_export_arguments
from himapp.cli.matte import add_matte_arguments, run_matte
from himapp.cli.terminal import ExitCode, finish_output, say
from himapp.errors import ExportError

__all__ = ["ExitCode", "asks_for_window", "build_parser", "main"]

_COMMANDS = ("matte", "export", "selftest")
_EXIT_CODES = (
    "Exit codes: 0 all done, 1 at least one file failed, 2 wrong usage, "
    "3 cannot work at all (weights, disk), 130 interrupted."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: what follows the program's name; None takes the process's own.

    Raises:
        SystemExit: the arguments are wrong, or were answered (``--help``, ``--version``).
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if asks_for_window(given):
        return _open_window([Path(name) for name in given])
    try:
        return _run_command(given)
    except ExportError as error:
        say(str(error), sys.stderr)
        return ExitCode.CANNOT_WORK
    finally:
        finish_output()


def _run_command(given: list[str]) -> ExitCode:
    parser = build_parser()
    options = parser.parse_args(given)
    match options.command:
        case "matte":
            return run_matte(options)
        case "export":
            return run_export_command(options)
        case _:
            return _run_selftest()


def asks_for_window(arguments: Sequence[str]) -> bool:
    """Tell whether the arguments name no command: then they are photos for the window."""
    return not arguments or not (arguments[0] in _COMMANDS or arguments[0].startswith("-"))


def _open_window(photos: Sequence[Path]) -> int:
    # Qt is loaded for the window alone.
    from himapp.app import main as show_window

    return show_window(photos)


def _run_selftest() -> ExitCode:
    # It needs all that the other commands load only when they work.
    from himapp.selftest import run_selftest

    is_well = run_selftest(lambda line: say(line, sys.stdout))
    return ExitCode.DONE if is_well else ExitCode.SOME_FAILED


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog="himapp",
        description="Every person in a photo becomes a matte of their own, offline.",
        epilog="Without a command, himapp [PHOTO] opens the window.",
    )
    parser.add_argument("--version", action="version", version=f"himapp {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    matte = commands.add_parser(
        "matte",
        help="write every person's matte",
        description="Write a matte for every person in every photo: DIR/<photo>/person-01.png ...",
        epilog=_EXIT_CODES,
    )
    add_matte_arguments(matte)
    export = commands.add_parser(
        "export",
        help="write the files of projects",
        description="Write cut-outs, mattes, the picture or layers of every project into DIR.",
        epilog=_EXIT_CODES,
    )
    add_export_arguments(export)
    commands.add_parser(
        "selftest",
        help="try every part without network",
        description="Try every part of the program once, without network, a line for each.",
        epilog="Exit codes: 0 all well, 1 at least one check failed.",
    )
    return parser

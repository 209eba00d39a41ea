"""The command line: python -m cortex_m."""

import argparse
import sys

from . import controls
from .boards import BOARDS
from .registers import RuleBroken
from .run import run, serve


def arguments():
    """Parses the command line. Bad usage exits with 2."""
    parser = argparse.ArgumentParser(prog="cortex_m", description="Runs firmware images of boards in Unicorn.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("run", "run an image, check what it programs, print a line"),
                       ("serve", "do the same, then put its UART on a TCP port")):
        command = commands.add_parser(name, help=text)
        boards = BOARDS if name == "run" else [board.name for board in BOARDS.values() if board.sends]
        command.add_argument("board", choices=boards)
        command.add_argument("image", help="the ELF file that Cargo built")
        if name == "serve":
            command.add_argument("--port", type=int, default=4000, help="0 for any; default 4000")
    command = commands.add_parser("controls", help="run images with faults, each of which must be found")
    command.add_argument("folder", help="where the images are, named as the boards")
    return parser.parse_args()


def main():
    """Runs a command; returns the exit status."""
    chosen = arguments()
    try:
        if chosen.command == "run":
            run(BOARDS[chosen.board], chosen.image)
        elif chosen.command == "serve":
            serve(BOARDS[chosen.board], chosen.image, chosen.port)
        else:
            controls.run_all(chosen.folder)
    except (RuleBroken, OSError, ValueError) as failure:
        print(f"{chosen.board if 'board' in chosen else 'controls'}: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


sys.exit(main())

"""`ronda`: one command a file. A command parses, calls and prints; it decides nothing."""

from server.cli.main import main

__all__ = ["main"]

"""`manage.py consensus RATINGS.csv`: labels from a table of ratings, without a database or a running service."""

import os
import secrets
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from roiqa.consensus.consensus_json import consensus_json
from roiqa.consensus.ratings_csv import HEADER, RatingsRefused, read_ratings
from roiqa.consensus.rules.rulesets import DEFAULT_RULESET, RULESETS, ruleset_named


class Command(BaseCommand):
    help = (
        "Make labels and agreement figures from a CSV of ratings. Needs no database. "
        f"The header must begin with {','.join(HEADER)}; a bad row refuses the file and nothing is written."
    )
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ratings", type=Path, metavar="RATINGS.csv", help="one row a rating, UTF-8")
        parser.add_argument(
            "--ruleset",
            choices=sorted(RULESETS),
            default=DEFAULT_RULESET.name,
            help=f"how votes become labels (default: {DEFAULT_RULESET.name})",
        )
        parser.add_argument("--output", type=Path, metavar="JSON", help="file to write (default: standard output)")

    def handle(self, *_args: Any, ratings: Path, ruleset: str, output: Path | None, **_options: Any) -> None:
        try:
            content = ratings.read_bytes()
        except OSError as error:
            raise CommandError(f"{ratings} cannot be read: {error.strerror}.") from error
        try:
            table = read_ratings(content)
        except RatingsRefused as refusal:
            raise CommandError(f"{ratings}: {refusal.detail} Nothing was written.") from refusal
        pieces = consensus_json(table, ruleset_named(ruleset))
        if output is None:
            for piece in pieces:
                self.stdout.write(piece, ending="")
            return
        if output.exists() and output.samefile(ratings):
            raise CommandError(f"--output {output} is the file of ratings itself: name another.")
        try:
            _replace_file(output, pieces)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}. Nothing was written.") from error


def _replace_file(output: Path, pieces: Iterator[str]) -> None:
    """Write beside the output, then move: whoever reads it sees the old file or the whole new one."""
    if output.exists() and not output.is_file():
        raise CommandError(f"--output {output} is not a file: name one, or leave --output out for standard output.")
    target = output.resolve()
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("x", encoding="ascii", newline="\n") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)

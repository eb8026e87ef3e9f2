"""Reading the CSV of ratings that `manage.py consensus` takes: one row a rating, refused whole if a row is wrong."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Final

import numpy as np
import numpy.typing as npt

from roiqa.core.errors import Invalid
from roiqa.core.scales import DISTORTIONS, SCALES, VOTES_BY_SCALE

HEADER: Final = ("roi", "annotator", *SCALES)
# Further columns may follow and are not read, but for this one, which the `ratings` export of a release has.
COUNTED: Final = "counted"

_VOTE_BY_TEXT: Final = {
    scale: {str(vote): vote for vote in range(len(words))} for scale, words in VOTES_BY_SCALE.items()
}
# Rows become integers batch by batch: the strings of a large file are never all alive at once, and so few lists are
# that the garbage collector has nothing to walk.
_BATCH_ROWS: Final = 500
_SHOWN_CHARACTERS: Final = 60

NumberedRow = tuple[int, list[str]]
NameIndex = defaultdict[str, int]


class RatingsRefused(Invalid):
    """The file is not a table of ratings. The text names the line, the column, the value and the remedy."""

    default_code = "ratings_refused"

    def __init__(self, *, line: int, column: str, problem: str) -> None:
        self.line = line
        self.column = column
        super().__init__(f"Line {line}, column {column}: {problem}", fields={column: [problem]})


@dataclass(frozen=True, slots=True)
class RatingTable:
    """N ratings of R ROIs by A annotators, as integers.

    Shapes: roi and annotator (N,) index the names; severities (N, 6) in the order of DISTORTIONS, 0..5;
    quality and importance (N,), 0..4.
    """

    roi_names: tuple[str, ...]
    annotator_names: tuple[str, ...]
    roi: npt.NDArray[np.int64]
    annotator: npt.NDArray[np.int64]
    severities: npt.NDArray[np.int8]
    quality: npt.NDArray[np.int8]
    importance: npt.NDArray[np.int8]


def read_ratings(content: bytes) -> RatingTable:
    """Read the bytes of a CSV file whose header begins with HEADER; what other columns follow does not matter.

    Where a column `counted` follows, its rows with 0 (excluded annotators, surplus and superseded answers) are passed
    over, so that the export of a release makes that release's labels.

    UTF-8 with or without a byte order mark, any line ending, quoted fields; a line that is blank or holds nothing but
    commas is passed over. Blanks around a name or a vote do not belong to it. A header alone is a table of no ratings.
    Raises: RatingsRefused for a wrong header or row, or for a second rating of one ROI by one annotator.
    """
    rows = _numbered_rows(_decode(content))
    header = _header(rows)
    roi_names: NameIndex = defaultdict(count().__next__)
    annotator_names: NameIndex = defaultdict(count().__next__)
    line_numbers, rois, annotators = ([np.empty(0, dtype=np.int64)] for _ in range(3))
    votes = [np.empty((0, len(SCALES)), dtype=np.int8)]
    while batch := list(islice(rows, _BATCH_ROWS)):
        lines, cells = zip(*batch, strict=True)
        _check_width(lines, cells, len(header))
        if COUNTED in header:
            lines, cells = _counted_rows(lines, cells, header.index(COUNTED))
            if not lines:
                continue
        roi_cells, annotator_cells, *vote_cells = islice(zip(*cells, strict=True), len(HEADER))
        line_numbers.append(np.array(lines, dtype=np.int64))
        rois.append(_indices(lines, roi_cells, roi_names, column="roi"))
        annotators.append(_indices(lines, annotator_cells, annotator_names, column="annotator"))
        votes.append(_votes(lines, vote_cells))
    all_votes = np.concatenate(votes)
    table = RatingTable(
        roi_names=tuple(roi_names),
        annotator_names=tuple(annotator_names),
        roi=np.concatenate(rois),
        annotator=np.concatenate(annotators),
        severities=all_votes[:, : len(DISTORTIONS)],
        quality=all_votes[:, SCALES.index("quality")],
        importance=all_votes[:, SCALES.index("importance")],
    )
    _check_no_second_rating(table, np.concatenate(line_numbers))
    return table


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line_start = content.rfind(b"\n", 0, error.start) + 1
        raise RatingsRefused(
            line=content.count(b"\n", 0, error.start) + 1,
            column=_column_name(content.count(b",", line_start, error.start)),
            problem=f"byte {content[error.start]:#04x} is not UTF-8: save the table as 'CSV UTF-8'.",
        ) from error


def _numbered_rows(text: str) -> Iterator[NumberedRow]:
    """The rows that hold something, each with the number of the line it begins on, counted from 1."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    line = 1
    try:
        for row in reader:
            if row and (row[0] or any(map(str.strip, row))):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise RatingsRefused(
            line=line,
            column=HEADER[0],
            problem=f"the row that begins here cannot be read ({error}): close every quote, and double a quote in a name.",
        ) from error


def _header(rows: Iterator[NumberedRow]) -> list[str]:
    """The names of the columns. Raises RatingsRefused unless the first are HEADER and none stands twice."""
    expected = f"the header must read {','.join(HEADER)}"
    line, header = next(rows, (1, []))
    cells = [cell.strip() for cell in header]
    if not cells:
        raise RatingsRefused(line=line, column=HEADER[0], problem=f"the file is empty; {expected}.")
    if len(cells) == 1 and ";" in cells[0]:
        raise RatingsRefused(
            line=line, column=HEADER[0], problem=f"the columns are parted by semicolons: use commas; {expected}."
        )
    for position, name in enumerate(HEADER):
        if position >= len(cells):
            raise RatingsRefused(line=line, column=name, problem=f"the column is missing; {expected}.")
        if cells[position] != name:
            raise RatingsRefused(
                line=line, column=name, problem=f"the header says {_shown(cells[position])} here; {expected}."
            )
    for position, name in enumerate(cells):
        if name in cells[:position]:
            raise RatingsRefused(
                line=line, column=_column_name(position), problem=f"{_shown(name)} is a column already: name another."
            )
    return cells


def _check_width(lines: Sequence[int], rows: Sequence[list[str]], expected: int) -> None:
    for line, width in zip(lines, map(len, rows), strict=True):
        if width != expected:
            remedy = "quote a name that holds a comma" if width > expected else "a rating answers every column"
            raise RatingsRefused(
                line=line,
                column=_column_name(min(width, expected)),
                problem=f"the row has {width} cells, expected {expected}: {remedy}.",
            )


def _counted_rows(
    lines: Sequence[int], rows: Sequence[list[str]], position: int
) -> tuple[tuple[int, ...], tuple[list[str], ...]]:
    """The rows, with their lines, whose cell at this position is 1. Raises RatingsRefused for neither 0 nor 1."""
    kept: list[NumberedRow] = []
    for line, row in zip(lines, rows, strict=True):
        cell = row[position].strip()
        if cell not in {"0", "1"}:
            raise RatingsRefused(
                line=line, column=COUNTED, problem=f"{_shown(cell)} is neither 1 (counts) nor 0 (is passed over)."
            )
        if cell == "1":
            kept.append((line, row))
    return tuple(line for line, _ in kept), tuple(row for _, row in kept)


def _indices(lines: Sequence[int], cells: Sequence[str], names: NameIndex, *, column: str) -> npt.NDArray[np.int64]:
    """The index of the name in each cell; a name not seen before gets the next one."""
    stripped = [cell.strip() for cell in cells]
    if "" in stripped:
        raise RatingsRefused(line=lines[stripped.index("")], column=column, problem="the cell is empty: write a name.")
    return np.fromiter(map(names.__getitem__, stripped), np.int64, len(stripped))


def _votes(lines: Sequence[int], columns: Sequence[Sequence[str]]) -> npt.NDArray[np.int8]:
    """The votes in the eight columns of SCALES, (rows, 8)."""
    votes = np.empty((len(lines), len(SCALES)), dtype=np.int8)
    try:
        for position, scale in enumerate(SCALES):
            lookup = _VOTE_BY_TEXT[scale].__getitem__
            votes[:, position] = np.fromiter(map(lookup, columns[position]), np.int8, len(lines))
    except KeyError:
        # Cell by cell, to pardon blanks around a number and to name the first line that has none.
        for row, line in enumerate(lines):
            for position, scale in enumerate(SCALES):
                votes[row, position] = _vote(columns[position][row], line=line, scale=scale)
    return votes


def _vote(cell: str, *, line: int, scale: str) -> int:
    vote = _VOTE_BY_TEXT[scale].get(cell.strip())
    if vote is None:
        words = VOTES_BY_SCALE[scale]
        found = f"{_shown(cell)} is not a vote" if cell.strip() else "the cell is empty"
        raise RatingsRefused(
            line=line,
            column=scale,
            problem=f"{found}: write a whole number from 0 ({words[0]}) to {len(words) - 1} ({words[-1]}).",
        )
    return vote


def _check_no_second_rating(table: RatingTable, lines: npt.NDArray[np.int64]) -> None:
    pair = table.roi * len(table.annotator_names) + table.annotator
    order = np.argsort(pair, kind="stable")
    seconds = order[1:][pair[order[1:]] == pair[order[:-1]]]
    if len(seconds):
        second = seconds.min()
        first = int((pair == pair[second]).argmax())
        annotator = table.annotator_names[table.annotator[second]]
        roi = table.roi_names[table.roi[second]]
        raise RatingsRefused(
            line=int(lines[second]),
            column="annotator",
            problem=f"{_shown(annotator)} rated ROI {_shown(roi)} on line {lines[first]} already: keep one of the two rows.",
        )


def _column_name(position: int) -> str:
    return HEADER[position] if position < len(HEADER) else str(position + 1)


def _shown(value: str) -> str:
    return repr(value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "...")

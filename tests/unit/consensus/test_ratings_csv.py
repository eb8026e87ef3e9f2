"""Which files of ratings are read, and what is said about those that are refused."""

import numpy as np
import pytest

from roiqa.consensus.ratings_csv import HEADER, RatingsRefused, RatingTable, read_ratings

HEAD = ",".join(HEADER)


def table_of(*rows: str, head: str = HEAD, end: str = "\n") -> RatingTable:
    return read_ratings(end.join([head, *rows, ""]).encode())


def refusal(*rows: str, head: str = HEAD) -> RatingsRefused:
    with pytest.raises(RatingsRefused) as caught:
        table_of(*rows, head=head)
    return caught.value


def test_ratings_become_integers_in_the_order_of_the_file():
    table = table_of("r2,ann,0,1,2,3,4,5,4,3", "r1,bob,5,5,5,5,5,5,0,0", "r2,bob,1,1,1,1,1,1,1,1")
    assert table.roi_names == ("r2", "r1")
    assert table.annotator_names == ("ann", "bob")
    assert table.roi.tolist() == [0, 1, 0]
    assert table.annotator.tolist() == [0, 1, 1]
    assert table.severities[0].tolist() == [0, 1, 2, 3, 4, 5]
    assert (table.quality.tolist(), table.importance.tolist()) == ([4, 0, 1], [3, 0, 1])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_endings_of_every_system_are_read(end):
    assert table_of("r1,a,0,0,0,0,0,0,0,0", "r2,a,1,1,1,1,1,1,1,1", end=end).roi_names == ("r1", "r2")


def test_last_line_may_lack_its_ending():
    assert len(read_ratings(f"{HEAD}\nr1,a,0,0,0,0,0,0,0,0".encode()).roi) == 1


def test_byte_order_mark_does_not_belong_to_the_header():
    assert len(read_ratings(f"\ufeff{HEAD}\nr1,a,0,0,0,0,0,0,0,0\n".encode()).roi) == 1


def test_quoted_name_may_hold_a_comma_a_quote_and_a_line_break():
    assert table_of('"sky, ""left""\ntop","a","0",0,0,0,0,0,0,0').roi_names == ('sky, "left"\ntop',)


def test_names_need_not_be_english():
    assert table_of("небо,ann,0,0,0,0,0,0,0,0").roi_names == ("небо",)


def test_blanks_around_cells_do_not_belong_to_them():
    table = table_of(" r1 , a, 0 ,1, 2,3 ,4,5,4,3", "r1,b,0,0,0,0,0,0,0,0")
    assert (table.roi_names, table.annotator_names) == (("r1",), ("a", "b"))
    assert table.severities[0].tolist() == [0, 1, 2, 3, 4, 5]


def test_blank_lines_and_lines_of_commas_are_passed_over():
    assert len(table_of("", "r1,a,0,0,0,0,0,0,0,0", "   ", "", ",,,,,,,,,", "").roi) == 1


def test_header_alone_is_a_table_of_no_ratings():
    table = table_of()
    assert (table.roi_names, table.severities.shape) == ((), (0, 6))


def test_large_files_keep_their_line_numbers_across_batches():
    rows = [f"r{index},a,0,0,0,0,0,0,0,0" for index in range(3000)]
    assert len(table_of(*rows).roi) == 3000
    rows[2500] = "r2500,a,0,0,6,0,0,0,0,0"
    error = refusal(*rows)
    assert (error.line, error.column) == (2502, "blur")


# refused rows


@pytest.mark.parametrize("bad", ["6", "-1", "2.0", "2.5", "blur", "nan", "١", "02", "1e0", "99999999999999999999"])
def test_vote_off_its_scale_is_refused_with_line_column_value_and_remedy(bad):
    error = refusal("r1,a,0,0,0,0,0,0,0,0", f"r1,b,0,0,{bad},0,0,0,0,0")
    assert (error.line, error.column, error.code) == (3, "blur", "ratings_refused")
    assert error.detail == (
        f"Line 3, column blur: {bad!r} is not a vote: write a whole number from 0 (extreme) to 5 (nonexistent)."
    )


@pytest.mark.parametrize(
    ("column", "row", "scale"),
    [
        ("quality", "r1,a,0,0,0,0,0,0,5,0", "0 (bad) to 4 (excellent)"),
        ("importance", "r1,a,0,0,0,0,0,0,0,5", "0 (unimportant) to 4 (essential)"),
    ],
)
def test_quality_and_importance_end_at_4(column, row, scale):
    error = refusal(row)
    assert (error.line, error.column) == (2, column)
    assert scale in error.detail


def test_empty_vote_is_refused():
    assert refusal("r1,a,0,,0,0,0,0,0,0").detail.startswith("Line 2, column noise: the cell is empty")


def test_first_bad_line_is_named_whatever_the_column():
    error = refusal("r1,a,0,0,0,0,0,0,9,0", "r2,a,9,0,0,0,0,0,0,0")
    assert (error.line, error.column) == (2, "quality")


def test_two_cells_that_add_up_to_the_right_length_are_refused():
    assert refusal("r1,a,12,,0,0,0,0,0,0").column == "exposure"


@pytest.mark.parametrize(("row", "column"), [(",a,0,0,0,0,0,0,0,0", "roi"), ("r1, ,0,0,0,0,0,0,0,0", "annotator")])
def test_empty_name_is_refused(row, column):
    error = refusal(row)
    assert (error.line, error.column) == (2, column)


def test_short_row_names_the_first_missing_column():
    error = refusal("r1,a,0,0,0,0,0,0")
    assert (error.line, error.column) == (2, "quality")
    assert "8 cells, expected 10" in error.detail


def test_long_row_asks_for_quotes():
    error = refusal("sky, left,a,0,0,0,0,0,0,0,0")
    assert (error.line, error.column) == (2, "11")
    assert "quote a name that holds a comma" in error.detail


def test_second_rating_of_an_roi_by_one_annotator_is_refused_with_both_lines():
    error = refusal("r1,a,0,0,0,0,0,0,0,0", "r2,a,0,0,0,0,0,0,0,0", "", "r1,a,1,0,0,0,0,0,0,0")
    assert (error.line, error.column) == (5, "annotator")
    assert "'a' rated ROI 'r1' on line 2 already" in error.detail


def test_line_number_counts_line_breaks_inside_quotes():
    assert refusal('"r\n1",a,0,0,0,0,0,0,0,0', "r2,a,0,0,0,0,7,0,0,0").line == 4


def test_row_over_two_lines_is_named_by_its_first():
    assert refusal("r1,a,0,0,0,0,0,0,0,0", '"r\n2",a,0,0,0,0,7,0,0,0').line == 3


def test_quote_that_is_never_closed_is_refused_where_it_opens():
    error = refusal("r1,a,0,0,0,0,0,0,0,0", '"r2,a,0,0,0,0,0,0,0,0', "r3,a,0,0,0,0,0,0,0,0")
    assert error.line == 3
    assert "close every quote" in error.detail


def test_long_value_is_cut_in_the_message():
    assert len(refusal(f"r1,a,{'x' * 10_000},0,0,0,0,0,0,0").detail) < 250


def test_bytes_that_are_not_utf_8_are_refused_with_their_place():
    with pytest.raises(RatingsRefused) as caught:
        read_ratings(f"{HEAD}\nr1,a,0,0,0,0,0,0,0,0\nr2,".encode() + b"Andr\xe9,0,0,0,0,0,0,0,0\n")
    assert (caught.value.line, caught.value.column) == (3, "annotator")
    assert "UTF-8" in caught.value.detail


# refused headers


def test_empty_file_is_refused():
    with pytest.raises(RatingsRefused, match=f"the file is empty; the header must read {HEAD}"):
        read_ratings(b"")


def test_misspelt_column_is_named():
    error = refusal(head=HEAD.replace("blur", "bluriness"))
    assert (error.line, error.column) == (1, "blur")
    assert "'bluriness'" in error.detail


def test_columns_in_another_order_are_refused():
    assert refusal(head=HEAD.replace("quality,importance", "importance,quality")).column == "quality"


def test_missing_column_is_named():
    assert refusal(head=HEAD.removesuffix(",importance")).column == "importance"


def test_further_columns_are_not_read():
    table = read_ratings(f"{HEAD},comment,level\nr1,a,0,1,2,3,4,5,1,2,=x,object\n".encode())
    assert table.severities.tolist() == [[0, 1, 2, 3, 4, 5]]


def test_a_row_must_be_as_wide_as_its_header():
    with pytest.raises(RatingsRefused, match="the row has 10 cells, expected 11"):
        read_ratings(f"{HEAD},comment\nr1,a,0,0,0,0,0,0,0,0\n".encode())


def test_rows_that_do_not_count_are_passed_over():
    rows = "r1,a,0,0,0,0,0,0,0,0,x,0\nr1,a,5,5,5,5,5,5,4,4,x,1\n"
    table = read_ratings(f"{HEAD},mode,counted\n{rows}".encode())
    assert (table.annotator_names, table.quality.tolist()) == (("a",), [4])


def test_a_table_in_which_nothing_counts_is_empty():
    assert read_ratings(f"{HEAD},counted\nr1,a,0,0,0,0,0,0,0,0,0\n".encode()).roi_names == ()


def test_counted_is_1_or_0():
    with pytest.raises(RatingsRefused, match="column counted: 'yes' is neither 1"):
        read_ratings(f"{HEAD},counted\nr1,a,0,0,0,0,0,0,0,0,yes\n".encode())


def test_a_column_twice_is_refused():
    error = refusal(head=HEAD + ",quality")
    assert (error.column, "'quality' is a column already" in error.detail) == ("11", True)


def test_semicolons_are_recognised():
    assert "use commas" in refusal(head=HEAD.replace(",", ";")).detail


def test_table_without_a_header_is_refused():
    assert refusal(head="r1,a,0,0,0,0,0,0,0,0").line == 1


def test_votes_are_exact_for_every_digit():
    rows = [f"r{vote},a,{','.join([str(vote)] * 6)},{min(vote, 4)},{min(vote, 4)}" for vote in range(6)]
    assert np.array_equal(table_of(*rows).severities, np.repeat(np.arange(6)[:, None], 6, axis=1))

"""The table of mutants fits the code: every row can be applied, and its tests are there."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.mutants.table import Mutant, NotApplicable, mutants

ROWS = list(mutants())


def test_every_row_fits_the_code():
    wrong = []
    for row in ROWS:
        try:
            row.check()
        except NotApplicable as error:
            wrong.append(str(error))
    assert wrong == []


def test_no_row_stands_twice():
    assert [name for name, times in Counter(map(str, ROWS)).items() if times > 1] == []
    assert [edit for edit, times in Counter((r.file, r.before, r.after) for r in ROWS).items() if times > 1] == []


def test_there_are_as_many_as_were_asked_for():
    assert len(ROWS) >= 72


@pytest.mark.parametrize(
    ("text", "after", "says"),
    [("b = 1", "a = 2", "0 times"), ("a = 1; a = 1", "a = 2", "2 times"), ("a = 1", "a = 1", "changes nothing"),
     ("a = 1", "a = (", "no Python")],
)  # fmt: skip
def test_a_row_that_does_not_fit_says_why(text, after, says):
    with pytest.raises(NotApplicable, match=says):
        Mutant("x", "one", "x.py", "a = 1", after, ("tests/mutants/test_table.py",)).applied(text)

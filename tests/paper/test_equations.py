"""Every equation of the ledger holds for random test cases: one test per label, in the paper's order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations.ledger import Entry
from derivations.oracle.verdicts import judge_once, verify
from tests.support import ERRATA, LEDGER, explained, instances, title

EXAMPLES = settings().max_examples * 2 // 5
"""Test cases per label; the smallest sizes come first, so 10 find most errors."""


@pytest.mark.parametrize("entry", LEDGER, ids=title)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_holds(entry: Entry, data: st.DataObject) -> None:
    verdict = judge_once(entry, data.draw(instances(entry)))
    assert verdict.failure is None, explained(verdict)


@pytest.mark.parametrize("entry", ERRATA, ids=title)
def test_printed_form_fails_and_correction_holds(entry: Entry) -> None:
    (verdict,) = verify([entry], examples=60, seed=1)
    assert verdict.holds, explained(verdict)
    assert verdict.misprint_failures > 20, "the printed form fails in only a few test cases"

"""Every equation of the ledger holds on any instance: one test a label, in the paper's order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derivations.ledger import Entry
from derivations.oracle.verdicts import judge_once
from tests.support import ERRATA, LEDGER, explained, instances, title


@pytest.mark.parametrize("entry", LEDGER, ids=title)
@given(data=st.data())
def test_holds(entry: Entry, data: st.DataObject) -> None:
    verdict = judge_once(entry, data.draw(instances(entry)))
    assert verdict.failure is None, explained(verdict)


@pytest.mark.parametrize("entry", ERRATA, ids=title)
def test_print_fails_and_correction_holds(entry: Entry) -> None:
    from derivations.oracle.verdicts import verify

    (verdict,) = verify([entry], examples=60, seed=1)
    assert verdict.holds, explained(verdict)
    assert verdict.misprint_failures > 20, "a misprint that nearly always holds is hardly one"

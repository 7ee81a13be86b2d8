"""The rule of tests/conftest.py that a warning in the log fails a test does fire."""

from pathlib import Path

import pytest

TESTS = """
import logging
import pytest

def test_silent():
    logging.getLogger("himapp").info("fine")

def test_warning():
    logging.getLogger("himapp").warning("not fine")

@pytest.mark.expects_log_warning
def test_about_a_warning(caplog):
    logging.getLogger("himapp").warning("asked for")
    assert "asked for" in caplog.text
"""


def test_only_the_test_that_warns_unasked_fails(pytester: pytest.Pytester, root: Path) -> None:
    pytester.makeconftest((root / "tests" / "conftest.py").read_text(encoding="utf-8"))
    pytester.makeini("[pytest]\nmarkers = expects_log_warning: about a warning\n")
    pytester.makepyfile(TESTS)
    outcome = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:pytest-qt")
    outcome.assert_outcomes(passed=3, errors=1)
    outcome.stdout.fnmatch_lines(["*WARNING himapp: not fine*"])

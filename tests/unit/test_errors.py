import pytest

from himapp.errors import Cancelled, ExportError, HimappError, PhotoError, WeightsError


@pytest.mark.parametrize("kind", [PhotoError, ExportError, WeightsError])
def test_what_a_user_can_mend_is_one_family(kind: type[HimappError]) -> None:
    assert issubclass(kind, HimappError)
    assert str(kind("One sentence.")) == "One sentence."


def test_a_cancelled_task_is_no_error_for_a_dialog() -> None:
    assert not issubclass(Cancelled, HimappError)

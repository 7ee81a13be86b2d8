import threading

import numpy as np
import pytest

from himapp.errors import Cancelled
from himapp.inference.session import CancelToken, InstanceMatte


def test_a_matte_is_read_only() -> None:
    matte = InstanceMatte(np.zeros((2, 3), np.uint16), 0, 0, 0.5, (0, 0, 3, 2))
    with pytest.raises(ValueError, match="read-only"):
        matte.alpha[0, 0] = 1


@pytest.mark.parametrize("alpha", [np.zeros((2, 3), np.uint8), np.zeros((2, 3, 1), np.uint16)])
def test_a_matte_of_another_kind_is_refused(alpha: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint16"):
        InstanceMatte(alpha, 0, 0, 0.5, (0, 0, 3, 2))


def test_a_token_lets_work_go_on_until_it_is_cancelled() -> None:
    token = CancelToken()
    token.raise_if_cancelled()
    assert not token.is_cancelled
    token.cancel()
    token.cancel()
    assert token.is_cancelled
    with pytest.raises(Cancelled):
        token.raise_if_cancelled()


def test_a_token_cancelled_in_another_thread_is_seen_here() -> None:
    token = CancelToken()
    thread = threading.Thread(target=token.cancel)
    thread.start()
    thread.join()
    assert token.is_cancelled

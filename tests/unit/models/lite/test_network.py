from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.e2e_him.lite.network import E2EHimLite
from models.e2e_him.lite.perception import Perception
from models.e2e_him.lite.proposals import Queries
from models.e2e_him.output import InstancePrediction

# A batch may take other convolution kernels than one picture: float32 rounding through some 100
# layers, enlarged by the random masks' steep logits.
SAME_ALPHA = 1e-3
ROUNDING = 1e-5


def check_prediction(found: InstancePrediction, height: int, width: int) -> None:
    people = len(found.score)
    assert found.score.shape == (people,)
    assert found.box.shape == (people, 4)
    assert found.alpha.shape == (people, height, width)
    assert found.alpha.dtype == found.score.dtype == found.box.dtype == torch.float32
    assert (found.score.diff() <= 0).all()
    assert (found.alpha >= 0).all()
    assert (found.alpha.sum(0) <= 1 + ROUNDING).all()
    x0, y0, x1, y1 = found.box.unbind(-1)
    assert ((x0 >= 0) & (x0 < x1) & (x1 <= width)).all()
    assert ((y0 >= 0) & (y0 < y1) & (y1 <= height)).all()


@pytest.mark.parametrize(("height", "width"), [(32, 32), (32, 96), (96, 64), (224, 160)])
def test_half_the_side_need_not_be_divisible_by_32(
    tiny_network: E2EHimLite, height: int, width: int
) -> None:
    for found in tiny_network.predict(torch.rand(2, 3, height, width), 0.0):
        check_prediction(found, height, width)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.integers(1, 3), rows=st.integers(1, 5), columns=st.integers(1, 5))
def test_any_batch_and_any_sides_divisible_by_32(
    tiny_network: E2EHimLite, batch: int, rows: int, columns: int
) -> None:
    found = tiny_network.predict(torch.rand(batch, 3, 32 * rows, 32 * columns), 0.0)
    assert len(found) == batch
    for one in found:
        check_prediction(one, 32 * rows, 32 * columns)


@pytest.mark.parametrize("shape", [(1, 3, 33, 64), (1, 3, 64, 48)])
def test_other_sides_are_refused(tiny_network: E2EHimLite, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="divisible by 32"):
        tiny_network.predict(torch.rand(shape))


def test_a_pass_in_bfloat16_keeps_the_types_and_the_sum(tiny_network: E2EHimLite) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        (found,) = tiny_network.predict(torch.rand(1, 3, 64, 96), 0.0)
    assert len(found.score)
    check_prediction(found, 64, 96)


def test_a_batch_gives_what_its_pictures_give_alone(tiny_network: E2EHimLite) -> None:
    images = torch.rand(2, 3, 96, 128)
    images[1] *= 0.2  # another picture, with another number of queries
    together = tiny_network.predict(images, 0.0)
    for image, found in zip(images, together, strict=True):
        alone = tiny_network.predict(image[None], 0.0)[0]
        torch.testing.assert_close(found.score, alone.score, atol=1e-4, rtol=0)
        torch.testing.assert_close(found.alpha, alone.alpha, atol=SAME_ALPHA, rtol=0)


def test_padding_slots_change_nothing_and_are_nobody(tiny_network: E2EHimLite) -> None:
    images = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        seen = tiny_network(images)
        padded = perceive(tiny_network, images, pad(seen.queries, slots=3))
    count = seen.queries.valid.shape[1]
    assert (padded.person_probability()[:, count:] == 0).all()
    torch.testing.assert_close(
        padded.person_probability()[:, :count], seen.person_probability(), atol=1e-5, rtol=0
    )


def test_the_order_of_the_queries_does_not_matter(tiny_network: E2EHimLite) -> None:
    images = torch.rand(1, 3, 96, 96)
    with torch.inference_mode():
        seen = tiny_network(images)
        count = seen.queries.valid.shape[1]
        order = torch.randperm(count)
        shuffled = perceive(tiny_network, images, reorder(seen.queries, order))
        alphas = tiny_network.matte(images, seen, [torch.arange(count)])[0]
        other = tiny_network.matte(images, shuffled, [torch.arange(count)])[0]
    assert count > 2
    torch.testing.assert_close(other, alphas[order], atol=SAME_ALPHA, rtol=0)


def test_nobody_above_the_floor_gives_empty_tensors(tiny_network: E2EHimLite) -> None:
    for found in tiny_network.predict(torch.rand(2, 3, 64, 96), 1.1):
        check_prediction(found, 64, 96)
        assert len(found.score) == 0


def test_the_networks_own_threshold_is_the_default_floor(tiny_network: E2EHimLite) -> None:
    images = torch.rand(1, 3, 64, 64)
    tiny_network.score_threshold = 1.1
    assert len(tiny_network.predict(images)[0].score) == 0
    tiny_network.score_threshold = 0.0
    assert len(tiny_network.predict(images)[0].score) > 0


def test_of_queries_with_the_same_mask_only_the_best_is_kept(tiny_network: E2EHimLite) -> None:
    with torch.no_grad():
        last = tiny_network.perception.mask_head.parameters_of[2]
        last.weight.zero_()
        last.bias.zero_()
        last.bias[-1] = 5.0  # every mask is the whole frame
        tiny_network.matting.alpha.weight.zero_()
        images = torch.rand(1, 3, 64, 64)
        best = tiny_network(images).person_probability().max()
    found = tiny_network.predict(images, 0.0)[0]
    assert found.score.tolist() == pytest.approx([best.item()], abs=1e-5)


def test_boxes_bound_what_is_more_than_half_there(tiny_network: E2EHimLite) -> None:
    found = tiny_network.predict(torch.rand(1, 3, 96, 96), 0.0)[0]
    assert len(found.score)
    for box, alpha in zip(found.box.int().tolist(), found.alpha, strict=True):
        ys, xs = (alpha > 0.5).nonzero(as_tuple=True)
        assert box == [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]


def perceive(network: E2EHimLite, images: torch.Tensor, queries: Queries) -> Perception:
    looks = network.look(images)
    seen: Perception = network.perception(looks[0], looks[1], queries)
    return seen


def reorder(queries: Queries, order: torch.Tensor) -> Queries:
    return Queries(queries.box[:, order], queries.content[:, order], queries.valid[:, order])


def pad(queries: Queries, slots: int) -> Queries:
    count = queries.valid.shape[1]
    longer = reorder(queries, torch.cat([torch.arange(count), torch.zeros(slots, dtype=int)]))
    valid = longer.valid.clone()
    valid[:, count:] = False
    return Queries(longer.box, longer.content, valid)


def test_who_is_not_kept_still_holds_their_pixels(tiny_network: E2EHimLite) -> None:
    with torch.no_grad():
        tiny_network.perception.decoder.person.bias.fill_(2.0)  # all of them are worth their mask
    images = torch.rand(1, 3, 96, 128)
    everybody = tiny_network.predict(images, 0.0)[0]
    assert len(everybody.score) > 1
    best = float(everybody.score[0])
    alone = tiny_network.predict(images, best)[0]
    assert len(alone.score) < len(everybody.score)
    torch.testing.assert_close(alone.alpha[0], everybody.alpha[0])

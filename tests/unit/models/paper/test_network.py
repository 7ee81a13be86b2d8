from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from models.e2e_him.output import InstancePrediction
from models.e2e_him.paper import PaperConfig, PaperE2EHim, PaperOutput
from models.e2e_him.paper.matting import MattingFeatures, PositionAttention

# Gradients that cancel leave up to 5e-9 of float32 noise here, the least real one is 7e-7.
FLOAT_NOISE = 5e-8


def tensors_of(output: PaperOutput) -> list[Tensor]:
    """All tensors of an output: of the last layer, then of the auxiliary ones."""
    values = [getattr(output, field.name) for field in fields(output)]
    own = [value for value in values if isinstance(value, Tensor)]
    layers = [(layer.class_logits, layer.mask_logits) for layer in output.auxiliary]
    return own + [tensor for layer in layers for tensor in layer]


def assert_nearly_equal(batched: Tensor, single: Tensor) -> None:
    """Allow for float32 sums in another order; outputs are of magnitude 1 to 10."""
    torch.testing.assert_close(batched, single, rtol=1e-4, atol=1e-4)


def losses_of(output: PaperOutput) -> Tensor:
    """A loss in which every output takes part with a weight of its own."""
    return torch.stack([(t * torch.randn_like(t)).mean() for t in tensors_of(output)]).sum()


def open_position_attention(network: PaperE2EHim) -> None:
    """Let position attention take part: it starts at strength 0, without gradient inside."""
    for module in network.modules():
        if isinstance(module, PositionAttention):
            torch.nn.init.constant_(module.strength, 0.5)


def shift_people(network: PaperE2EHim, *, person_logit: float) -> None:
    """Move the person logit of every slot."""
    bias = network.general_perception.decoder.class_head[-1].bias
    assert isinstance(bias, Tensor)
    with torch.no_grad():
        bias[1] += person_logit


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96), (160, 64)])
def test_outputs_have_the_documented_shapes(
    any_tiny_config: PaperConfig, height: int, width: int
) -> None:
    network = PaperE2EHim(any_tiny_config).train()
    output = network(torch.rand(2, 3, height, width))
    slots, coarse = any_tiny_config.query_count, (height // 8, width // 8)
    assert output.class_logits.shape == (2, slots, 2)
    assert output.mask_logits.shape == (2, slots, *coarse)
    assert output.slot_logits.shape == (2, 2, slots + 1, *coarse)
    assert output.alpha.shape == (2, slots, height, width)
    assert output.trimap_logits.shape == (2, slots, 3, height, width)


@pytest.mark.parametrize("slots", [1, 7, 40])
def test_any_number_of_queries_can_be_built(tiny_config: PaperConfig, slots: int) -> None:
    network = PaperE2EHim(replace(tiny_config, query_count=slots)).eval()
    assert network(torch.rand(1, 3, 32, 64)).alpha.shape == (1, slots, 32, 64)


def test_alpha_is_clamped_but_the_loss_sees_beyond(tiny_network: PaperE2EHim) -> None:
    output = tiny_network(torch.rand(1, 3, 64, 64))
    assert output.alpha.min() >= 0
    assert output.alpha.max() <= 1
    assert torch.equal(output.alpha, output.alpha_unclamped.clamp(0, 1))
    assert output.alpha_unclamped.min() < 0


def test_a_batch_equals_its_images_alone(any_tiny_config: PaperConfig) -> None:
    network = PaperE2EHim(any_tiny_config).eval()
    open_position_attention(network)
    images = torch.rand(3, 3, 64, 96)
    with torch.no_grad():
        together = tensors_of(network(images))
        alone = [tensors_of(network(image[None])) for image in images]
    for index, whole in enumerate(together):
        single = torch.cat([outputs[index] for outputs in alone])
        assert_nearly_equal(whole, single)


def test_predictions_of_a_batch_equal_those_of_its_images(tiny_network: PaperE2EHim) -> None:
    images = torch.rand(3, 3, 64, 64)
    floor = torch.stack([p.score.median() for p in tiny_network.predict(images, 0.0)]).median()
    together = tiny_network.predict(images, float(floor))
    for image, whole in zip(images, together, strict=True):
        (single,) = tiny_network.predict(image[None], float(floor))
        assert_nearly_equal(whole.score, single.score)
        assert whole.alpha.shape == single.alpha.shape
        # A trimap decided by float noise may flip single pixels from unknown to foreground.
        assert (whole.alpha - single.alpha).abs().mean() < 1e-3


def test_the_network_sees_where_people_stand(tiny_network: PaperE2EHim) -> None:
    images = torch.rand(1, 3, 64, 64)
    mirrored = tiny_network(images.flip(-1)).class_logits
    assert not torch.allclose(tiny_network(images).class_logits, mirrored, atol=1e-4)


def test_gradients_reach_every_parameter(tiny_config: PaperConfig) -> None:
    network = PaperE2EHim(replace(tiny_config, drop_path=0.0)).train()
    open_position_attention(network)
    torch.autograd.backward(losses_of(network(torch.rand(2, 3, 96, 96))))
    assert untouched_parameters(network) == []


def test_published_quirk_leaves_the_first_self_attention_nothing_to_learn(
    tiny_config: PaperConfig,
) -> None:
    config = replace(tiny_config.with_published_quirks(), drop_path=0.0, dropout=0.0)
    network = PaperE2EHim(config).train()
    open_position_attention(network)
    torch.autograd.backward(losses_of(network(torch.rand(2, 3, 96, 96))))
    # Zero targets have equal values, so it does not matter what is attended to.
    first = "general_perception.decoder.layers.0.self_attention"
    names = ("query.weight", "query.bias", "key.weight", "value.weight")
    assert untouched_parameters(network) == [f"{first}.{name}" for name in names]


def untouched_parameters(network: PaperE2EHim) -> list[str]:
    return [
        name
        for name, parameter in network.named_parameters()
        if parameter.grad is None or parameter.grad.abs().max() < FLOAT_NOISE
    ]


def test_deep_supervision_answers_for_every_earlier_layer(tiny_config: PaperConfig) -> None:
    network = PaperE2EHim(replace(tiny_config, decoder_layers=3, dropout=0.0)).train()
    output = network(torch.rand(2, 3, 32, 32))
    assert len(output.auxiliary) == 2
    assert all(layer.class_logits.shape == (2, 5, 2) for layer in output.auxiliary)
    assert all(layer.mask_logits.shape == (2, 5, 4, 4) for layer in output.auxiliary)


def test_no_layer_is_supervised_in_evaluation_or_as_published(tiny_config: PaperConfig) -> None:
    images = torch.rand(1, 3, 32, 32)
    published = PaperE2EHim(tiny_config.with_published_quirks()).train()
    assert PaperE2EHim(tiny_config).eval()(images).auxiliary == ()
    assert published(images).auxiliary == ()


def test_order_free_guidance_ignores_the_order_of_slots(tiny_network: PaperE2EHim) -> None:
    assert guidance_changes_with_slot_order(tiny_network) < 1e-4


def test_published_guidance_depends_on_the_order_of_slots(tiny_config: PaperConfig) -> None:
    network = PaperE2EHim(tiny_config.with_published_quirks()).eval()
    assert guidance_changes_with_slot_order(network) > 1e-3


def guidance_changes_with_slot_order(network: PaperE2EHim) -> float:
    codes, p8 = torch.randn(1, 5, network.config.code_channels), torch.randn(1, 16, 8, 8)
    with torch.no_grad():
        forwards = network.united_guidance(codes, p8).features
        backwards = network.united_guidance(codes.flip(1), p8).features
    return float((forwards - backwards).abs().max())


def test_guidance_keeps_its_size_whatever_the_number_of_people(tiny_network: PaperE2EHim) -> None:
    p8 = torch.randn(1, 16, 8, 8)
    few, many = (torch.randn(1, n, tiny_network.config.code_channels) for n in (2, 30))
    assert (
        tiny_network.united_guidance(few, p8).features.shape
        == tiny_network.united_guidance(many, p8).features.shape
    )


def test_saved_equals_loaded(any_tiny_config: PaperConfig, tmp_path: Path) -> None:
    network = PaperE2EHim(any_tiny_config).eval()
    save_file(network.state_dict(), tmp_path / "weights.safetensors")
    torch.manual_seed(1)
    loaded = PaperE2EHim(any_tiny_config).eval()
    loaded.load_state_dict(load_file(tmp_path / "weights.safetensors"), strict=True)
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        pairs = zip(tensors_of(network(images)), tensors_of(loaded(images)), strict=True)
    assert all(torch.equal(saved, again) for saved, again in pairs)


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 4, 64, 64), (1, 3, 60, 64), (1, 3, 64, 33)])
def test_other_shapes_are_refused(tiny_network: PaperE2EHim, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"64"):
        tiny_network(torch.rand(shape))


def test_alphas_of_all_people_sum_to_no_more_than_one(tiny_network: PaperE2EHim) -> None:
    for prediction in tiny_network.predict(torch.rand(2, 3, 96, 64), score_floor=0.0):
        assert len(prediction.score) > 1
        # Dividing by the sum leaves float32 rounding.
        assert prediction.alpha.sum(0).max() <= 1 + 1e-6
        assert prediction.alpha.min() >= 0


def test_people_come_best_first_above_the_floor(tiny_network: PaperE2EHim) -> None:
    images = torch.rand(1, 3, 64, 64)
    (everybody,) = tiny_network.predict(images, score_floor=0.0)
    floor = float(everybody.score[2])
    (best,) = tiny_network.predict(images, score_floor=floor)
    assert torch.equal(everybody.score, everybody.score.sort(descending=True).values)
    assert torch.equal(best.score, everybody.score[:3])
    assert best.box.shape == (3, 4)
    assert best.alpha.shape == (3, 64, 64)


def test_by_default_a_slot_is_kept_when_its_person_logit_wins(tiny_network: PaperE2EHim) -> None:
    images = torch.rand(1, 3, 64, 64)
    logits = tiny_network(images).class_logits[0]
    winners = int((logits[:, 1] > logits[:, 0]).sum())
    tiny_network.config = replace(tiny_network.config, smallest_matte_px=-1.0)
    assert len(tiny_network.predict(images)[0].score) == winners


def test_nobody_is_an_empty_prediction(tiny_network: PaperE2EHim) -> None:
    shift_people(tiny_network, person_logit=-100.0)
    assert_nobody(tiny_network.predict(torch.rand(1, 3, 32, 64))[0], 32, 64)


def test_a_photo_of_nobody_may_share_a_batch_with_people(tiny_network: PaperE2EHim) -> None:
    images = torch.rand(2, 3, 64, 64)
    best = [float(p.score[0]) for p in tiny_network.predict(images, 0.0)]
    predictions = tiny_network.predict(images, sum(best) / 2)
    assert_nobody(predictions[best.index(min(best))], 64, 64)
    assert len(predictions[best.index(max(best))].score) >= 1


def assert_nobody(prediction: InstancePrediction, height: int, width: int) -> None:
    assert prediction.score.shape == (0,)
    assert prediction.box.shape == (0, 4)
    assert prediction.alpha.shape == (0, height, width)


def test_only_kept_slots_are_drawn(
    tiny_network: PaperE2EHim, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    draw = tiny_network.instance_matting.draw

    def record(codes: Tensor, features: MattingFeatures) -> tuple[Tensor, Tensor]:
        drawn.append(codes.shape[1])
        return draw(codes, features)

    images = torch.rand(1, 3, 64, 64)
    floor = float(tiny_network.predict(images, 0.0)[0].score[1])
    monkeypatch.setattr(tiny_network.instance_matting, "draw", record)
    tiny_network.predict(images, floor)
    assert drawn == [2]


def test_one_photo_is_overfitted(tiny_config: PaperConfig) -> None:
    config = replace(tiny_config, query_count=3, drop_path=0.0, dropout=0.0)
    network = PaperE2EHim(config).train()
    images, alpha = photo_of_two_people()
    masks = (functional.avg_pool2d(alpha, 8) > 0.5).float()
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(30):
        output = network(images)
        mask_loss = functional.binary_cross_entropy_with_logits(output.mask_logits, masks)
        loss = functional.mse_loss(output.alpha_unclamped, alpha) + 0.1 * mask_loss
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    # Before: .13 to .24 by seed; after 20 steps .03 to .06, after 40 steps .015 to .03.
    assert (network(images).alpha - alpha).abs().mean() < 0.05


def photo_of_two_people() -> tuple[Tensor, Tensor]:
    """A noisy photo [1, 3, 64, 64] with a red and a green person, and the alpha of three slots."""
    alpha = torch.zeros(1, 3, 64, 64)
    alpha[:, 0, :, 8:24], alpha[:, 1, 16:, 40:56] = 1.0, 0.7
    return 0.1 * torch.rand(1, 3, 64, 64) + 0.6 * alpha, alpha

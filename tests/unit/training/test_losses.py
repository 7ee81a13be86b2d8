from __future__ import annotations

import math

import pytest
import torch

from training.losses import (
    alpha_loss,
    dice_loss,
    focal_loss,
    laplacian_loss,
    mask_entropy,
    soft_band,
    zero_loss,
)

ONE = torch.ones(1)


def test_focal_loss_by_hand() -> None:
    # p = .5, wanted 1: half of log 2 times (1 - .5)^2.
    assert focal_loss(torch.zeros(1), ONE, ONE).item() == pytest.approx(0.5 * math.log(2) * 0.25)


def test_focal_loss_looks_away_from_what_is_right() -> None:
    sure, unsure = torch.tensor([4.0]), torch.tensor([0.5])
    assert focal_loss(sure, ONE, ONE) < 0.01 * focal_loss(unsure, ONE, ONE)


def test_focal_loss_leaves_out_what_weighs_nothing() -> None:
    logits = torch.tensor([0.0, 3.0])
    weight = torch.tensor([1.0, 0.0])
    wanted = torch.zeros(2)
    alone = focal_loss(logits[:1], wanted[:1], ONE)
    assert focal_loss(logits, wanted, weight).item() == pytest.approx(alone.item())


def test_dice_loss_by_hand() -> None:
    # Logit 0 is one half everywhere: shared 1, sums 2 and 2, one added on both sides.
    masks = torch.tensor([[[1.0, 1.0], [0.0, 0.0]]])
    loss = dice_loss(torch.zeros(1, 2, 2), masks, torch.ones(2, 2))
    assert loss.tolist() == pytest.approx([1 - 3 / 5])


def test_unknown_pixels_are_not_charged() -> None:
    masks = torch.zeros(1, 2, 2)
    logits, known = torch.zeros(1, 2, 2), torch.zeros(2, 2)
    assert mask_entropy(logits + 9, masks, known).tolist() == [0.0]
    assert dice_loss(logits + 9, masks, known).tolist() == [0.0]


def test_mask_entropy_is_the_mean_over_the_picture() -> None:
    known = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    entropy = mask_entropy(torch.zeros(1, 2, 2), torch.zeros(1, 2, 2), known)
    assert entropy.tolist() == pytest.approx([math.log(2) / 4])


def test_losses_of_equal_alphas_are_zero() -> None:
    alpha = torch.rand(3, 32, 32)
    zeros = torch.zeros(3)
    assert torch.equal(laplacian_loss(alpha, alpha), zeros)
    assert torch.equal(alpha_loss(alpha, alpha, torch.ones(1, 32, 32)), zeros)


def test_the_laplacian_loss_sees_edges_before_levels() -> None:
    flat = torch.zeros(1, 32, 32)
    edge = flat.clone()
    edge[:, :, 16:] = 1.0
    assert laplacian_loss(flat, flat + 0.5).item() == pytest.approx(0.0, abs=1e-6)
    assert laplacian_loss(flat, edge).item() > 0.1


def test_the_alpha_loss_is_per_person_and_leaves_out_the_unknown() -> None:
    truth, alpha = torch.zeros(2, 32, 32), torch.zeros(2, 32, 32)
    alpha[1, :16] = 1.0
    weight = torch.ones(1, 32, 32)
    wrong = alpha_loss(alpha, truth, weight)
    assert wrong[0] == 0
    assert wrong[1] > 0.25
    weight[:, :16] = 0.0
    assert alpha_loss(alpha, truth, weight).tolist() == [0.0, 0.0]


def test_the_soft_band_reaches_its_radius() -> None:
    alpha = torch.zeros(1, 11, 11)
    alpha[0, 5, 5] = 0.5
    band = soft_band(alpha, radius=2)
    assert band.sum() == 25
    assert band[0, 3:8, 3:8].all()
    assert soft_band(torch.ones(1, 4, 4)).sum() == 0


def test_a_loss_starts_at_a_float_zero() -> None:
    zero = zero_loss(torch.ones(2, dtype=torch.bfloat16))
    assert zero.dtype == torch.float32
    assert zero.item() == 0

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from models.e2e_him.lite.config import LiteConfig
from models.e2e_him.lite.network import E2EHimLite
from models.e2e_him.lite.proposals import (
    CONTENT_CHANNELS,
    Proposals,
    box_corners,
    box_overlap,
)
from training.config import LossConfig
from training.criterion import Criterion, alpha_weight, match_image, matting_loss, proposal_loss
from training.data.targets import Target
from training.matcher import MIN_BOX_OVERLAP

TINY = LiteConfig(
    pixel_channels=16,
    fine_channels=16,
    query_channels=32,
    heads=2,
    decoder_layers=2,
    mask_features=8,
    mask_hidden=8,
    guidance_channels=8,
    matting_channels=(16, 8),
    context_channels=(16, 16),
    max_queries=105,  # all proposals at 64 px: an untrained trunk ranks them at random
)
EVERYTHING = LossConfig(proposal=1.0, alpha=4.0)
SIDE = 64
CELLS = SIDE // 4


def target_with(*boxes: tuple[int, int, int, int], is_exact: bool = True) -> Target:
    """People as blocks, given as x0, y0, x1, y1 in cells of four pixels."""
    masks = torch.zeros(len(boxes), CELLS, CELLS)
    for mask, (x0, y0, x1, y1) in zip(masks, boxes, strict=True):
        mask[y0:y1, x0:x1] = 1
    alphas = (masks * 255).byte().repeat_interleave(4, 1).repeat_interleave(4, 2)
    shares = torch.tensor(boxes, dtype=torch.float32).view(-1, 4) / CELLS
    return Target(masks, shares, torch.ones(CELLS, CELLS), alphas, is_exact)


def unknown(target: Target) -> Target:
    known = torch.zeros(CELLS, CELLS)
    return Target(target.masks, target.boxes, known, target.alphas, target.is_exact)


def picture_of(target: Target) -> Tensor:
    """Dark people on light ground, float32 [3, S, S]."""
    people = target.alphas.float().sum(0) / 255
    return (0.8 - 0.6 * people).expand(3, -1, -1)


PEOPLE = target_with((1, 2, 8, 15), (9, 4, 15, 15))
NOBODY = target_with()


@pytest.fixture
def network() -> E2EHimLite:
    torch.manual_seed(0)
    return E2EHimLite(TINY).train()


def losses_of(network: E2EHimLite, targets: tuple[Target, ...], weights: LossConfig):
    images = torch.stack([picture_of(target) for target in targets])
    looks = network.look(images)
    proposals = network.propose(looks, images) if weights.proposal else None
    return Criterion(weights)(network, images, network(images, looks), targets, proposals)


def test_gradients_reach_every_parameter(network: E2EHimLite) -> None:
    with torch.no_grad():
        # These start at zero, which lets nothing through in the first step.
        for name, parameter in network.matting.named_parameters():
            if name.endswith("weight") and not parameter.any():
                parameter.normal_(std=0.1)
    losses_of(network, (PEOPLE, NOBODY), EVERYTHING).total.backward()
    without = {name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()}
    # The quality head is trained afterwards, on candidates that have competed.
    assert {name.split(".")[0] for name in without} == {"quality"}


def test_one_batch_is_overfitted(network: E2EHimLite) -> None:
    network.trunk.requires_grad_(False)
    images = torch.stack([picture_of(PEOPLE), picture_of(NOBODY)])
    with torch.no_grad():
        looks = network.look(images)
    criterion = Criterion(LossConfig(alpha=4.0))
    optimiser = torch.optim.AdamW((p for p in network.parameters() if p.requires_grad), 3e-3)
    totals = []
    for _ in range(50):
        losses = criterion(network, images, network(images, looks), (PEOPLE, NOBODY))
        optimiser.zero_grad()
        losses.total.backward()
        optimiser.step()
        totals.append(float(losses.total.detach()))
    assert losses.terms["met"] == 1.0
    assert totals[-1] < 0.25 * totals[0]


def test_the_total_is_the_weighted_sum_of_the_terms(network: E2EHimLite) -> None:
    losses = losses_of(network, (PEOPLE,), EVERYTHING)
    wanted = sum(getattr(EVERYTHING, name) * v for name, v in losses.terms.items() if name != "met")
    assert set(losses.terms) == {*LossConfig.__slots__, "met"} - {"alpha_images"}
    assert losses.total.item() == pytest.approx(wanted, rel=1e-4)


def test_terms_without_weight_are_not_computed(network: E2EHimLite) -> None:
    matting = LossConfig(person=0.0, mask=0.0, dice=0.0, anybody=0.0, alpha=1.0)
    assert set(losses_of(network, (PEOPLE,), matting).terms) == {"alpha", "met"}


def test_limited_alphas_take_exact_images_and_scenes_in_turn(network: E2EHimLite) -> None:
    outlined = target_with((1, 2, 8, 15), is_exact=False)
    targets = (NOBODY, outlined, outlined, PEOPLE)
    images = torch.stack([picture_of(target) for target in targets])
    with torch.no_grad():
        seen = network(images)
        matches = [match_image(network, seen, i, target) for i, target in enumerate(targets)]
    limited = matting_loss(network, images, seen, targets, matches, 2)
    chosen = (NOBODY, outlined, NOBODY, PEOPLE)
    alone = matting_loss(network, images, seen, chosen, matches)
    assert all(len(match.queries) for match in matches[1:])
    assert limited.item() == pytest.approx(alone.item(), rel=1e-5)
    assert limited.item() > 0


def test_a_batch_without_people_has_finite_losses(network: E2EHimLite) -> None:
    losses = losses_of(network, (NOBODY,), EVERYTHING)
    assert math.isfinite(losses.total.item())
    assert losses.terms["mask"] == losses.terms["dice"] == losses.terms["alpha"] == 0
    assert losses.terms["person"] > 0


def test_unknown_places_are_not_charged(network: E2EHimLite) -> None:
    losses = losses_of(network, (unknown(NOBODY),), EVERYTHING)
    assert set(losses.terms.values()) == {0.0}


def test_the_assignment_is_one_to_one_and_by_boxes(network: E2EHimLite) -> None:
    with torch.no_grad():
        seen = network(picture_of(PEOPLE)[None])
        match = match_image(network, seen, 0, PEOPLE)
    assert sorted(match.people.tolist()) == [0, 1]
    assert len(set(match.queries.tolist())) == 2
    overlap = box_overlap(box_corners(seen.queries.box[0, match.queries]), PEOPLE.boxes)
    assert (overlap[range(2), match.people] >= MIN_BOX_OVERLAP).all()


def proposals_at(boxes: list[list[float]], scores: list[float]) -> Proposals:
    content = torch.zeros(1, len(boxes), CONTENT_CHANNELS)
    return Proposals(torch.tensor([boxes]), torch.tensor([scores]), content)


ONE = target_with((0, 0, 8, 8))  # centre .25, .25; sides .5
EXACT, BESIDE, HALF = [0.25, 0.25, 0.5, 0.5], [0.8, 0.8, 0.3, 0.3], [0.25, 0.25, 0.5, 0.2]


def test_a_proposal_on_a_person_is_held_to_its_overlap() -> None:
    # IoU 1, score .9: -log .9 at a focus of .1 squared; the wanted scores sum to 1.
    loss = proposal_loss(proposals_at([EXACT], [0.9]), (ONE,))
    assert loss.item() == pytest.approx(-math.log(0.9) * 0.1**2, rel=1e-3)


def test_a_proposal_beside_everybody_is_held_to_zero() -> None:
    loss = proposal_loss(proposals_at([BESIDE], [0.8]), (ONE,))
    assert loss.item() == pytest.approx(-math.log(0.2) * 0.8**2, rel=1e-3)


def test_proposals_that_half_overlap_or_lie_in_the_unknown_are_left_alone() -> None:
    assert proposal_loss(proposals_at([HALF], [0.8]), (ONE,)).item() == 0  # IoU .4
    assert proposal_loss(proposals_at([BESIDE], [0.8]), (unknown(ONE),)).item() == 0


def test_exact_alphas_count_everywhere() -> None:
    truth = PEOPLE.alphas.float() / 255
    assert (alpha_weight(PEOPLE, truth) == 1).all()


def test_drawn_outlines_leave_a_band_round_every_person_out() -> None:
    touching = target_with((0, 0, 8, 16), (8, 0, 16, 16), is_exact=False)
    weight = alpha_weight(touching, touching.alphas.float() / 255)[0]
    assert weight[:, 32 - 8 : 32 + 8].sum() == 0  # the line between the two
    assert weight[:, :20].all()  # the inside, up to the frame's border
    assert weight[:, 44:].all()


def test_alphas_in_unknown_cells_do_not_count() -> None:
    truth = PEOPLE.alphas.float() / 255
    assert alpha_weight(unknown(PEOPLE), truth).sum() == 0

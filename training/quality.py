"""Train the quality head on the finished network: which of its mattes are one person each?

The network stays as it is. Its candidates on the training photographs, of which it has learned
nothing by heart (docs/experiments.md), and on backgrounds are the examples.

Reference: Huang et al., "Mask Scoring R-CNN", CVPR 2019.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from himapp.imaging.geometry import Placement
from models.e2e_him.lite.network import E2EHimLite, Examined
from models.e2e_him.lite.quality import QualityHead
from models.e2e_him.weights import WeightsInfo, read_info, save_weights
from models.registry import load_network
from training.data.catalogue import Catalogue, read_catalogue
from training.data.pixels import Rgb, read_colour, read_plane
from training.evaluation.predictors import letterbox
from training.metrics.panoptic import measure_overlaps

_BACKGROUNDS_EVERY = 4
_LEAST_HEIGHT = 0.04
"""People lower than this share of a photo teach nothing; in crowds small ones count."""

_GOOD_IOU = 0.5
_IGNORE_ID = 255
_EPOCHS = 80
_BATCH = 256
_RATE = 3e-3
_WEIGHT_DECAY = 0.03
_HELD_OUT_OF = 5
_FEWEST = 3
_PROGRESS_EVERY = 100


@dataclass(frozen=True, slots=True)
class Examples:
    """What the head learns from.

    Attributes:
        evidence: float32 ``[N, inputs]``.
        is_good: float32 ``[N]``, 1 for the best candidate of somebody with an IoU above .5.
        picture: int64 ``[N]``, number of the picture.
    """

    evidence: Tensor
    is_good: Tensor
    picture: Tensor

    def select(self, rows: Tensor) -> Examples:
        """Return some of them, by a mask ``[N]``."""
        return Examples(self.evidence[rows], self.is_good[rows], self.picture[rows])


def collect_examples(network: E2EHimLite, catalogue: Catalogue, side: int) -> Examples:
    """Let the network look at every training photograph and at some backgrounds.

    Args:
        network: In eval mode; the quality head does not take part.
        catalogue: The training items.
        side: Longer side of its input in pixels, the one it is used at.

    Raises:
        ValueError: There is too little to learn from.
    """
    evidence, is_good, picture = [], [], []
    for number, (photo, ids) in enumerate(_read_pictures(catalogue)):
        if number % _PROGRESS_EVERY == 0:
            sys.stdout.write(f"{number} pictures\n")
            sys.stdout.flush()
        image, placement = letterbox(photo, side)
        examined = network.examine(image)[0]
        good, counts = judge(_spread(examined, placement), ids)
        evidence.append(examined.evidence[torch.from_numpy(counts)])
        is_good.append(torch.from_numpy(good[counts]).float())
        picture.append(torch.full((int(counts.sum()),), number))
    examples = Examples(torch.cat(evidence), torch.cat(is_good), torch.cat(picture))
    if len(torch.bincount(examples.picture).nonzero()) < 2 or len(examples.is_good) < _FEWEST:
        raise ValueError(f"{len(examples.is_good)} candidates are too few to learn from.")
    return examples


def judge(
    masks: NDArray[np.bool_], ids: NDArray[np.uint8]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which candidates are good, and which count at all.

    Args:
        masks: The candidates', ``[K, h, w]``.
        ids: 0 nobody, 1-254 a person, 255 unknown; any size of the same shape.
    """
    height, width = masks.shape[1:]
    ids = np.asarray(cv2.resize(ids, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
    present = [number for number in np.unique(ids) if number not in (0, _IGNORE_ID)]
    people = np.array([ids == number for number in present], bool).reshape(-1, height, width)
    overlaps = measure_overlaps(masks, people, ids == _IGNORE_ID, _LEAST_HEIGHT)
    iou = overlaps.iou
    if not iou.size:
        return np.zeros(len(masks), bool), ~overlaps.is_excused
    person = iou.argmax(1)
    is_best = iou.argmax(0)[person] == np.arange(len(masks))
    good = is_best & (iou.max(1) > _GOOD_IOU)
    return good, good | ~overlaps.is_excused


def fit_head(head: QualityHead, examples: Examples, seed: int = 1) -> None:
    """Train the head, in place, on standardised evidence; afterwards it is in eval mode."""
    torch.manual_seed(seed)
    head.mean.copy_(examples.evidence.mean(0))
    head.deviation.copy_(examples.evidence.std(0, correction=0) + 1e-4)
    head.requires_grad_(True).train()
    optimiser = torch.optim.AdamW(head.parameters(), _RATE, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, _EPOCHS)
    for _ in range(_EPOCHS):
        for rows in torch.split(torch.randperm(len(examples.is_good)), _BATCH):
            logit = head(examples.evidence[rows])
            loss = F.binary_cross_entropy_with_logits(logit, examples.is_good[rows])
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
        schedule.step()
    head.requires_grad_(False).eval()


def measure_loss(head: QualityHead, examples: Examples) -> float:
    """Return the mean cross-entropy of a head's scores."""
    with torch.inference_mode():
        loss = F.binary_cross_entropy_with_logits(head(examples.evidence), examples.is_good)
    return float(loss)


def _read_pictures(catalogue: Catalogue) -> Iterator[tuple[Rgb, NDArray[np.uint8]]]:
    for scene in catalogue.scenes:
        yield read_colour(scene.photo), read_plane(scene.ids)
    for path in catalogue.backgrounds[::_BACKGROUNDS_EVERY]:
        photo = read_colour(path)
        yield photo, np.zeros(photo.shape[:2], np.uint8)


def _spread(examined: Examined, placement: Placement) -> NDArray[np.bool_]:
    """Return the candidates' masks on the part of the grid that the photo covers."""
    rows, columns = placement.content_slices
    size = examined.everybody.shape
    shares = F.interpolate(examined.shares[None], size=size, mode="bilinear")[0]
    masks: NDArray[np.bool_] = (shares * examined.everybody > _GOOD_IOU).cpu().numpy()
    return masks[:, rows, columns]


def add_quality_arguments(parser: ArgumentParser) -> None:
    """Add the options of `quality`."""
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--weights", type=Path, required=True, help="the finished network")
    parser.add_argument("--side", type=int, default=704, help="longer side of the input, px")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True, help="the weights file to write")


def run_quality(args: Namespace) -> int:
    """Train the quality head of some weights."""
    torch.set_num_threads(args.threads)
    network = load_network(args.weights)
    if not isinstance(network, E2EHimLite):
        raise ValueError(f"{args.weights} has no quality head")
    examples = collect_examples(network, read_catalogue(args.data), args.side)
    held_out = examples.picture % _HELD_OUT_OF == examples.picture[0] % _HELD_OUT_OF
    head = QualityHead(network.config.decoder_layers, network.config.quality_hidden)
    before = measure_loss(head.eval(), examples.select(held_out))
    fit_head(head, examples.select(~held_out))
    after = measure_loss(head, examples.select(held_out))
    share = float(examples.is_good.mean())
    sys.stdout.write(
        f"{len(examples.is_good)} candidates, {share:.2f} of them good; cross-entropy on pictures"
        f" held out {before:.3f}, with the head {after:.3f}\n"
    )
    fit_head(network.quality, examples)
    old = read_info(args.weights)
    info = WeightsInfo(old.network, old.score_threshold, args.side)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    save_weights(args.out, network.state_dict(), info)
    return 0

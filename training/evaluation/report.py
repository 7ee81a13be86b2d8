"""Write down the scores: a JSON document and rows of a Markdown table."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training.evaluation.scoring import PartReport
from training.metrics.imq import ERROR_KINDS, ImqResult
from training.metrics.panoptic import PanopticResult

REPORT_VERSION = 1

COLUMNS = (
    "network", "part", "pictures", "threshold", "PQ", "REC", "ACC", "MIOU", "lowest IoU",
    "false", "missed", "EMSE", "EMAD", "EMSE charged", "EMAD charged",
    "IMQ mad/mse/grad/conn", "band SAD", "band Grad", "band Conn", "s/photo",
)  # fmt: skip


def markdown_head() -> str:
    """Return the two head lines of the table."""
    return f"{_row(COLUMNS)}\n{_row('---' for _ in COLUMNS)}"


def markdown_row(name: str, report: PartReport) -> str:
    """Return the row of one predictor on one part; a dash where a part has no exact mattes."""
    panoptic, errors, band = report.panoptic, report.mattes.errors, report.mattes.band
    scores = (panoptic.pq, panoptic.rec, panoptic.acc, panoptic.miou, panoptic.lowest_iou)
    edges = (f"{value:.3f}" for value in (band.sad, band.grad, band.conn)) if band else "–––"
    return _row(
        (
            name,
            report.part,
            str(report.photos),
            f"{report.threshold:.2f}",
            *(f"{score:.3f}" for score in scores),
            str(panoptic.false_predictions),
            str(panoptic.missed_people),
            *(f"{value:.2f}" for value in (errors.emse, errors.emad)),
            *(f"{value:.2f}" for value in (errors.emse_charged, errors.emad_charged)),
            _imq_text(report.mattes.imq),
            *edges,
            f"{report.seconds_per_photo:.3f}",
        )
    )


def markdown_groups(report: PartReport) -> str:
    """Return a table of the scores by number of people and by overlap."""
    lines = ["| pictures with | people | PQ | REC | ACC | MIOU |", "| --- " * 6 + "|"]
    lines += [_group_row(f"{name} people", group) for name, group in report.by_people.items()]
    lines += [_group_row(f"people {name}", group) for name, group in report.by_overlap.items()]
    return "\n".join(lines)


def report_document(reports: Mapping[str, list[PartReport]]) -> dict[str, Any]:
    """Return the reports by the name of their predictor as a document for JSON."""
    return {
        "version": REPORT_VERSION,
        "reports": {name: [asdict(report) for report in rows] for name, rows in reports.items()},
    }


def write_report(path: Path, reports: Mapping[str, list[PartReport]]) -> None:
    """Write the reports as a JSON file; its folder is made when it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report_document(reports), indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def _group_row(name: str, scores: PanopticResult) -> str:
    people = str(scores.pairs + scores.missed_people)
    values = (scores.pq, scores.rec, scores.acc, scores.miou)
    return _row((name, people, *(f"{value:.3f}" for value in values)))


def _imq_text(imq: ImqResult | None) -> str:
    return "–" if imq is None else "/".join(f"{imq.imq[kind]:.1f}" for kind in ERROR_KINDS)


def _row(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"

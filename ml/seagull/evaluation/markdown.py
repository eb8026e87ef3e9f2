"""The report and the model card in Markdown, made of the JSON report alone."""

from collections.abc import Mapping, Sequence
from typing import Any

CLASS_ORDER = ("blur", "colorfulness", "noise", "compression", "contrast", "exposure", "clean", "average")
ANSWERS = {"judged": "Yes/No judgments", "told": "answer in words"}


def report_text(report: Mapping[str, Any], pictures: Sequence[str]) -> str:
    """Tables 1 and 2 of the paper for these weights, with intervals, and the pictures."""
    lines = [
        f"# {report['weights_name']} on {report['split']}",
        "",
        (
            f"{report['rois']} ROIs of {report['images']} images. Brackets: 95 % intervals, {report['resamples']} resamples of "
            f"{report['clusters']} clusters ({report['cluster_kind']})."
        ),
        "",
        *tables(report),
        "",
        *(f"![{name}]({name})" for name in pictures),
    ]
    return "\n".join(lines) + "\n"


def tables(report: Mapping[str, Any]) -> list[str]:
    """Scores, answers and per-type F1 as Markdown tables."""
    lines = ["| scale | SROCC | PLCC | PLCC, fitted | SROCC of the right word |", "|---|---|---|---|---|"]
    for scale, row in report["scores"].items():
        if row["rois"]:
            ceiling = _number(report["ceiling"][scale]["srocc_of_the_right_word"])
            fitted = row["plcc_fitted"]
            said = _number(fitted["estimate"]) if fitted["converged"] else "no fit"
            lines.append(f"| {scale} | {_interval(row['srocc'])} | {_interval(row['plcc'])} | {said} | {ceiling} |")
    for scale, ceiling in report["ceiling"].items():
        if ceiling["panel"]:
            panel = ceiling["panel"]
            said = (
                f"Label ceiling of {scale}: a second panel of as many people would reach an SROCC of "
                f"{_number(panel['srocc_full'])}; two halves of the panel give the same word for "
                f"{_share(panel['same_word'])} of {panel['rois']} ROIs."
            )
            lines += ["", said]
    lines += ["", "| answer | labels | precision | recall | F1 | F1 without clean |", "|---|---|---|---|---|---|"]
    for answer, rows in report["answers"].items():
        for what in ("types", "severities"):
            row = rows[what]
            if row["rois"]:
                cells = " | ".join(_percent(row[name]) for name in ("precision", "recall", "f1", "f1_without_clean"))
                lines.append(f"| {ANSWERS[answer]} | {what} | {cells} |")
    lines += ["", f"| F1 by type | {' | '.join(CLASS_ORDER)} |", f"|---|{'---|' * len(CLASS_ORDER)}"]
    for answer, rows in report["answers"].items():
        cells = " | ".join(_share(rows["per_type_f1"][name]) for name in CLASS_ORDER)
        lines.append(f"| {ANSWERS[answer]} | {cells} |")
    return lines


def card_text(report: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """The card that lies beside a set of weights. What is not known is said to be unknown, never left out."""
    source = manifest.get("source", {})
    settings = source.get("settings", {})
    packages = ", ".join(f"{name} {version}" for name, version in source.get("packages", {}).items())
    errors = ", ".join(
        f"{name} {one['expected_calibration_error']:.3f}" for name, one in report["calibration"].items() if one["rois"]
    )
    thresholds = ", ".join(f"{name} {value:.2f}" for name, value in report["thresholds"].items())
    lines = [
        f"# Model card: {report['weights_name']}",
        "",
        "## What it is",
        "",
        (
            f"A SEAGULL network (arXiv 2411.10161), preset `{report['network']}`, variant `{report['variant']}`: quality, "
            "importance and distortions of image regions given as masks."
        ),
        f"Weights {report['weights']}; base weights {source.get('base') or 'none, trained from random numbers'}.",
        "",
        "## Data and licences",
        "",
        f"- Trained on data with the fingerprint {source.get('data', 'unknown')}, prompt `{settings.get('prompt', 'unknown')}`.",
        (
            f"- Licence of the training data: {report['data_licence'] or 'not stated by the data'}. "
            "The weights may be used only as that licence and the one of the base weights allow."
        ),
        (
            "- Vicuna and Llama 2 weights carry Meta's Llama 2 licence; RAISE photographs are for research; labels made with TOPIQ "
            "are non-commercial. Whichever of them went into base weights or data binds these weights as well."
        ),
        "- Code: Apache-2.0.",
        "",
        "## Training",
        "",
        (
            f"- {source.get('step', 'unknown')} of {source.get('steps', 'unknown')} updates, "
            f"{source.get('trained_parameters', 0):,} trained parameters, seed {settings.get('seed', 'unknown')}, "
            f"learning rate {settings.get('learning_rate', 'unknown')}, batch of {settings.get('batch_images', 'unknown')} images."
        ),
        f"- On {source.get('device', 'unknown')}; {packages or 'packages unknown'}; commit {source.get('commit') or 'unknown'}.",
        "- Energy: not measured.",
        "",
        f"## Measured on {report['split']} ({report['data']})",
        "",
        (
            f"{report['rois']} ROIs of {report['images']} images; 95 % intervals over {report['clusters']} "
            f"{report['cluster_kind']}."
        ),
        "",
        *tables(report),
        "",
        f"Expected calibration error: {errors}. Thresholds of the types: {thresholds}.",
        "",
        "## Limits",
        "",
        "- Scores say what the training labels said. On other cameras, subjects or kinds of distortion they are untested.",
        (
            "- A person may not be shown these answers before rating: they would be followed. A model whose training data hold "
            "an ROI's image may not pre-fill it unmarked."
        ),
        "- Severity and importance depend on what was asked and shown; compare weights only on the same split.",
        *(f"- {line}" for line in report.get("limits", ())),
    ]
    return "\n".join(lines) + "\n"


def _interval(cell: Mapping[str, Any]) -> str:
    if cell["estimate"] is None:
        return "undefined"
    return f"{_number(cell['estimate'])} [{_number(cell['low'])}, {_number(cell['high'])}]"


def _percent(cell: Mapping[str, Any]) -> str:
    if cell["estimate"] is None:
        return "undefined"
    return f"{_share(cell['estimate'])} [{_share(cell['low'])}, {_share(cell['high'])}]"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"

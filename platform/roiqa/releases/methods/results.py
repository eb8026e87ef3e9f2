"""The sections of a methods page about what came out: votes, labels, agreement, and how sure it all is."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from roiqa.core.scales import DISTORTIONS, QUALITY_LEVELS, SCALES
from roiqa.releases.methods import figures
from roiqa.releases.methods.document import Block, Heading, Paragraph, Picture, Table
from roiqa.releases.methods.words import count_of, digits, ends, estimate, number, percent

Record = Mapping[str, Any]

_RULESETS: Final = {
    "anchor-v1": (
        "A distortion was labelled absent when strictly more than half of the accepted votes were nonexistent. "
        "Otherwise it was labelled present, with the mean of the votes that were not nonexistent as its severity."
    ),
    "literal-v1": (
        "A distortion was labelled absent when strictly more than half of the accepted votes were nonexistent. "
        "Otherwise it was labelled present, with the mean of all votes (nonexistent counted as 5) as its severity."
    ),
}
_SHORT_IMPORTANCE: Final = ("unimp.", "minor", "normal", "import.", "essent.")
_APART: Final = {
    "surplus": "came after the ROI had been filled by others",
    "revealed": "were second thoughts after a model's answer had been shown",
    "gold": "were given to ROIs with a known answer",
    "repeat": "were given to ROIs that the annotator had rated before",
    "warm_up": "were given while warming up",
}


def votes(facts: Record) -> Iterator[Block]:
    counts = facts["counts"]
    yield Heading("Votes")
    per_roi = facts["votes_per_roi"]
    text = (
        "Votes per ROI: " + ", ".join(f"{votes} on {count_of(rois, 'ROI')}" for votes, rois in per_roi.items()) + ". "
    )
    modes = counts.get("modes")
    if modes:
        shown = {"blind": "blind", "reveal_after": "before a model's answer was shown", "prefill": "pre-filled"}
        given = [f"{number(count)} {shown[mode]}" for mode, count in modes.items() if count]
        text += f"Counted votes: {', '.join(given)}. "
    apart = [f"{number(count)} {_APART[name]}" for name, count in (counts.get("kept_apart") or {}).items() if count]
    if apart:
        text += f"Kept apart, in the whole study, and part of no label: {'; '.join(apart)}."
    yield Paragraph(text.strip())
    yield Picture(
        drawing=figures.votes_figure(facts["agreement"]["scales"]),
        caption=(
            "Answers on each scale, from the worst (dark) to the best (light); for distortions white is nonexistent, for "
            "importance dark is unimportant."
        ),
        says="Shares of the answers on each scale.",
    )


def labels(facts: Record) -> Iterator[Block]:
    rois, flags = facts["counts"]["rois"], facts["flags"]
    yield Heading("Labels")
    yield Paragraph(
        f"Labels follow the ruleset {facts['ruleset']}. {_RULESETS.get(facts['ruleset'], '')} Quality and importance are "
        "means of the accepted votes (0 to 4). Means become one of five levels by splitting the scale into fifths, "
        "computed in whole numbers. "
        f"{count_of(flags['clean'], 'ROI')} ({percent(flags['clean'] / rois)}) are without all six distortions; on "
        f"{flags['contested_clean']} of them at least 40 % of the raters saw one and the same distortion. "
        f"On {count_of(flags['tie'], 'ROI')} a distortion is tied and counts as present."
    )
    short = {"exposure": "exposure", "colorfulness": "colour", "compression": "compr."}
    yield Picture(
        drawing=figures.bars_figure(
            [
                ("Quality", list(zip(QUALITY_LEVELS, facts["levels"]["quality"], strict=True))),
                (
                    "Importance",
                    list(zip(_SHORT_IMPORTANCE, facts["levels"]["importance"], strict=True)),
                ),
                ("Present", [(short.get(name, name), facts["present"][name]) for name in DISTORTIONS]),
            ],
            unit="ROIs",
        ),
        caption="ROIs by level of quality and importance, and ROIs on which each distortion is present.",
        says="; ".join(
            (
                "Quality: "
                + ", ".join(f"{w} {n}" for w, n in zip(QUALITY_LEVELS, facts["levels"]["quality"], strict=True)),
                "present: " + ", ".join(f"{name} {facts['present'][name]}" for name in DISTORTIONS),
            )
        ),
    )


def agreement(facts: Record) -> Iterator[Block]:
    report = facts["agreement"]
    scales = report["scales"]
    yield Heading("Agreement")
    yield Paragraph(
        "Ordinal Krippendorff's alpha (1 perfect, 0 chance) and Gwet's AC2 with ordinal weights, which does not collapse "
        "where a distortion is rare, are about single votes. ICC(2,1) and ICC(2,k) are shares of variance from variance "
        f"components of the sparse design; ICC(2,{report['votes_per_roi']}) is the reliability of a label. Split-half is "
        "Spearman's correlation of the means of two random halves of the votes, stepped up to all of them. Intervals are "
        f"95 %: over images (whole images drawn anew {number(report['resamples'])} times), and over annotators (drawn anew; "
        "for ICC a jackknife), which is what a claim about other people needs."
    )
    yield Table(
        caption="Agreement by scale, with 95 % intervals over images; the last column is the share of the votes that see it",
        head=(
            "Scale",
            "Alpha",
            "AC2",
            "ICC(2,1)",
            f"ICC(2,{report['votes_per_roi']})",
            "Split-half",
            "Seen by",
        ),
        rows=tuple(_agreement_row(scale, scales[scale]) for scale in SCALES),
    )
    if any(scales[scale]["raters"]["alpha"] for scale in SCALES):
        yield Table(
            caption="95 % intervals over annotators",
            head=("Scale", "Alpha", "AC2", "ICC(2,1)", f"ICC(2,{report['votes_per_roi']})"),
            rows=tuple(
                (scale, *(ends(scales[scale]["raters"][name]) for name in ("alpha", "ac2", "icc_single", "icc_mean")))
                for scale in SCALES
            ),
        )
    yield Picture(
        drawing=figures.agreement_figure(scales),
        caption="Dots are the figures, thick lines their 95 % intervals over images, thin lines those over annotators.",
        says="; ".join(f"{scale}: alpha {digits(scales[scale]['alpha'])}" for scale in SCALES),
    )


def _agreement_row(scale: str, one: Record) -> tuple[str, ...]:
    prevalence = one["prevalence"]
    return (
        scale,
        estimate(one["alpha"], one["alpha_interval"]),
        *(
            estimate(one[name]["value"], one[name]["interval"])
            for name in ("ac2", "icc_single", "icc_mean", "split_half")
        ),
        percent(prevalence["votes"]) if prevalence and prevalence["votes"] is not None else "",
    )


def certainty(facts: Record) -> Iterator[Block]:
    report, statistics = facts["agreement"], facts["statistics"]
    yield Heading("How sure the labels are")
    widths = [
        f"{score} {digits(found['median'])} (quartiles {digits(found['quarter'])} and {digits(found['three_quarters'])})"
        for score, found in facts["half_width"].items()
        if found
    ]
    text = (
        "Every mean comes with a Clopper-Pearson interval on the sum of the votes, which never leaves the scale and is "
        "conservative, and with Student's interval as the second. Half the width of the first, in levels: "
        f"{', '.join(widths)}. "
    )
    if facts["corrected_shift"] is not None:
        text += (
            "Beside the plain mean stands a mean corrected for the annotators' bias and inconsistency (ITU-T P.910 Annex E, "
            f"shrunken: {statistics['mos_map']['bias_prior']:g} ratings without bias and "
            f"{statistics['mos_map']['sigma_prior']:g} of pooled spread are added to everybody's); it differs from the mean "
            f"by {digits(facts['corrected_shift'])} levels (root mean square, quality). "
        )
    sos = [
        f"{score} {statistics['sos'][score]:.3f}"
        for score in ("quality", "importance")
        if statistics["sos"][score] is not None
    ]
    if sos:
        text += (
            f"The SOS parameter a, by which the variance of the votes is a m (4 - m), is {', '.join(sos)} (0.25: coin "
            "tosses on a five-level scale)."
        )
    yield Paragraph(text.strip())
    if any(report["scales"][score]["sos_points"] for score in ("quality", "importance")):
        yield Picture(
            drawing=figures.sos_figure(report["scales"]),
            caption="Variance of the votes on ROIs of about the same mean (area: number of ROIs), and the fitted SOS parabola.",
            says=f"SOS parameter: {', '.join(sos)}.",
        )
    rows = [
        (
            f"{score}, {one['votes']} votes",
            percent(one["level_accuracy"]),
            digits(one["correlation"]),
            digits(one["standard_error"]),
        )
        for score in ("quality", "importance")
        for one in report["ceilings"][score]
    ]
    if rows:
        yield Table(
            caption="Label ceiling: what somebody who knew the truth would score on labels of so many votes",
            head=("Scale", "Right level", "Correlation", "Standard error"),
            rows=tuple(rows),
        )
    human = report["human"]
    measures = (
        ("type_f1", "Distortion types, F1"),
        ("severity_f1", "Type and severity, F1"),
        ("quality_level", "Quality, same level"),
        ("quality_srocc", "Quality, SROCC"),
        ("importance_level", "Importance, same level"),
        ("importance_srocc", "Importance, SROCC"),
    )
    yield Table(
        caption="Human ceiling: people scored against labels that the others made",
        head=("Measure", "One person", "Half of the panel"),
        rows=tuple(
            (
                title,
                *(
                    estimate(human[who][key]["value"], human[who][key]["interval"])
                    for who in ("one_person", "half_panel")
                ),
            )
            for key, title in measures
        ),
    )


def sensitivity(facts: Record) -> Iterator[Block]:
    variants = facts["statistics"]["variants"]
    texts = {
        "without_prefilled": "Without the {votes} pre-filled votes, on {rois}",
        "with_excluded": "With the {votes} votes of excluded annotators, on {rois}",
    }
    known = [(texts[name], one) for name, one in variants.items() if one["votes"]]
    yield Heading("Sensitivity")
    if not known:
        yield Paragraph("No vote on these ROIs was pre-filled or is left out: there is no other way to count them.")
        return
    for text, one in known:
        changed = [f"{scale} {count}" for scale, count in one["scales"].items() if count]
        sentence = text.format(votes=number(one["votes"]), rois=count_of(one["rois"], "ROI"))
        sentence += f", {count_of(one['changed'], 'ROI')} would have another level on at least one scale"
        sentence += f" ({', '.join(changed)})." if changed else "."
        if one["unlabelled"]:
            sentence += f" {count_of(one['unlabelled'], 'ROI')} would have no label."
        yield Paragraph(f"{sentence} The labels so made stand in the release beside the labels.")

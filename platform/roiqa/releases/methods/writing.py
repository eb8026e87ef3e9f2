"""The text of a methods page: complete sentences that can go into a paper's appendix, and tables with the figures."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from roiqa.consensus.rules.screening import FEWEST_GOLDS, GOLD_PASS_RATE
from roiqa.releases.methods import figures, results
from roiqa.releases.methods.document import Block, Document, Heading, Paragraph, Picture, Table
from roiqa.releases.methods.words import count_of, day_of, digits, number, percent, signed

Record = Mapping[str, Any]

_MODES: Final = {
    "blind": "Annotators saw no suggestion of any model.",
    "reveal_after": (
        "Annotators committed an answer before a model's levels were shown to them; the first answer is the label, and "
        "a revision was kept apart."
    ),
    "prefill": (
        "On some ROIs the form opened with a model's levels, marked as such; at least {blind} % of the pairs of annotator "
        "and ROI stayed blind as a control, and {wrong} % of the pre-filled forms showed one level that was wrong on purpose."
    ),
}
_FLAGS: Final = {
    "low_agreement": "low agreement with the others",
    "inconsistent": "large scatter",
    "golds_failed": "golds failed",
    "line_clicker": "one answer most of the time",
    "presence_rate": "unusual presence rate",
}


def methods_document(facts: Record, *, release: int, content_sha256: str) -> Document:
    """The page of a release from its facts (`facts.methods_facts`)."""
    study = facts["study"]
    return Document(
        title=f"{study['title']}: methods and reliability",
        subtitle=f"Study {study['slug']}, release {release}, sha256 {content_sha256}",
        blocks=list(_blocks(facts, content_sha256)),
    )


def _blocks(facts: Record, content_sha256: str) -> Iterator[Block]:
    if facts["study"]["simulated"]:
        yield Paragraph("The ratings of this study were simulated by a program. No person made them.")
    for section in (
        _material, _panel, _qualification, _procedure, _viewing, _screening, results.votes, results.labels, results.agreement, results.certainty,
        results.sensitivity,
    ):  # fmt: skip
        yield from section(facts)
    yield from _provenance(facts, content_sha256)


def _material(facts: Record) -> Iterator[Block]:
    counts, splits = facts["counts"], facts["rois_by_split"]
    yield Heading("Material")
    left_out = counts["incomplete_rois"]
    yield Paragraph(
        f"The release holds {count_of(counts['rois'], 'region')} of interest (ROIs) on {count_of(counts['images'], 'image')}. "
        "Every image belongs to one part for ever, decided by a hash of its bytes, so that no image is used for both "
        "training and testing. "
        + (f"{count_of(left_out, 'ROI')} without all raters were left out." if left_out else "No ROI was left out.")
    )
    yield Table(
        caption="Images and ROIs by part",
        head=("Part", "Images", "ROIs", "of objects", "of components"),
        rows=tuple(
            (
                split,
                number(facts["images_by_split"][split]),
                number(sum(splits[split].values())),
                number(splits[split]["object"]),
                number(splits[split]["component"]),
            )
            for split in ("train", "test")
        ),
    )


def _panel(facts: Record) -> Iterator[Block]:
    counts, given, collected = facts["counts"], facts["ratings_per_annotator"], facts["collection"]
    yield Heading("Panel")
    text = f"The labels are made of {count_of(counts['ratings'], 'rating')} by {count_of(counts['annotators'], 'annotator')}. "
    if given:
        text += (
            f"An annotator gave {number(given['median'])} ratings at the median (least {number(given['least'])}, most "
            f"{number(given['most'])}); the most active one made {percent(given['largest_share'])} of all. "
        )
    if collected and collected["first_day"]:
        first, last = (day_of(collected[name]) for name in ("first_day", "last_day"))
        text += (
            f"The ratings were collected on {first}. "
            if first == last
            else f"They were collected from {first} to {last}. "
        )
    seconds = collected["seconds"] if collected else None
    if seconds:
        text += (
            f"One ROI took {seconds['median']:.0f} s at the median (quartiles {seconds['quarter']:.0f} and "
            f"{seconds['three_quarters']:.0f} s) with the page in view."
        )
    yield Paragraph(text.strip())


def _qualification(facts: Record) -> Iterator[Block]:
    asked, people = facts["qualification"], facts["counts"]["annotators"]
    yield Heading("Training and qualification")
    if not asked or not any(asked[name] for name in ("ask_consent", "ask_viewing", "ask_training", "ask_quiz")):
        yield Paragraph("The platform asked for no consent, viewing check, training or quiz before rating.")
        return
    said = []
    if asked["ask_consent"]:
        said.append(f"Annotators gave informed consent before rating ({asked['consented']} of {people}).")
    if asked["ask_viewing"]:
        said.append(
            "They passed a check of their screen, its brightness and their colour vision, repeated after "
            f"{asked['recheck_days']} days ({asked['viewing_checked']} of {people})."
        )
    if asked["ask_training"]:
        said.append(
            f"They rated {count_of(asked['training_items'], 'training ROI')} with feedback ({asked['trained']} of {people}); "
            "these are not part of the release."
        )
    if asked["ask_quiz"]:
        said.append(
            f"A quiz of {count_of(asked['quiz_items'], 'ROI')} had to be passed with {asked['quiz_pass_percent']} % right "
            f"({asked['quiz_passed']} of {people})."
        )
    if asked["from_crowd"]:
        said.append(f"{count_of(asked['from_crowd'], 'annotator')} came through a crowd-working platform.")
    yield Paragraph(" ".join(said))


def _procedure(facts: Record) -> Iterator[Block]:
    protocol = facts["protocol"]
    yield Heading("Procedure")
    text = (
        "Each annotator rated one ROI at a time on eight scales: the severity of exposure, noise, blur, contrast, "
        "colorfulness and compression (extreme, severe, moderate, minor, trivial, nonexistent), quality (bad, poor, fair, "
        "good, excellent) and importance (unimportant, minor, normal, important, essential). Images were shown one image pixel to one device pixel; the ROI was outlined outside its edge and "
        "neither tinted nor dimmed. ROIs came in a random order of each annotator's own, and nobody saw the answers of "
        f"others. An ROI was given to {count_of(protocol['raters_per_roi'], 'annotator')}"
    )
    text += ", and to one more where a distortion was tied." if protocol["ask_extra_on_tie"] else "."
    yield Paragraph(text)
    said = []
    if protocol.get("adaptive_votes"):
        ties = " or two distortions were within one vote of a tie" if protocol["ask_on_near_ties"] else ""
        said.append(
            f"ROIs of the training part got two more votes at a time, up to {protocol['most_votes']}, while half the 95 % "
            f"interval of quality exceeded {protocol['half_width']:g}{ties}; ROIs of the test part never did."
        )
    mode = protocol.get("suggestion_mode")
    if mode:
        said.append(_MODES[mode].format(blind=protocol["blind_percent"], wrong=protocol["wrong_percent"]))
        said.append("ROIs of the test part were always rated blind." if mode != "blind" else "")
    if protocol.get("gold_every"):
        said.append(f"One ROI in {protocol['gold_every']} had a known answer, without feedback.")
    if protocol.get("repeat_every"):
        said.append(f"One ROI in {protocol['repeat_every']} had been rated by the same annotator before.")
    if protocol.get("warm_up_rois"):
        said.append(f"The first {count_of(protocol['warm_up_rois'], 'answer')} of a session did not count.")
    pauses = [
        text
        for number, text in (
            (protocol.get("break_after_minutes"), f"{protocol.get('break_after_minutes')} minutes"),
            (protocol.get("break_after_rois"), f"{protocol.get('break_after_rois')} ROIs"),
        )
        if number
    ]
    if pauses:
        said.append(f"A break was asked for after {' or '.join(pauses)}.")
    said = [one for one in said if one]
    if said:
        yield Paragraph(" ".join(said))


def _viewing(facts: Record) -> Iterator[Block]:
    found = facts["collection"]
    yield Heading("Viewing conditions")
    if not found or not found["pixel_ratios"]:
        yield Paragraph("Screens were not recorded for these ratings.")
        return
    n = found["view_width_px"]["n"] if found["view_width_px"] else 0
    text = f"Browsers told of their screen for {count_of(sum(one['ratings'] for one in found['pixel_ratios']), 'rating')}. "
    if n:
        width, height = found["view_width_px"], found["view_height_px"]
        text += (
            f"The view of the image measured {width['median']:,.0f} x {height['median']:,.0f} device pixels at the median "
            f"(quartiles {width['quarter']:,.0f} to {width['three_quarters']:,.0f} wide, {height['quarter']:,.0f} to "
            f"{height['three_quarters']:,.0f} high). "
        )
    gamuts = found["gamuts"]
    if gamuts:
        total = sum(gamuts.values())
        names = {"srgb": "sRGB", "p3": "Display P3", "rec2020": "Rec. 2020"}
        parts = [f"{names[name]} {percent(count / total)}" for name, count in gamuts.items() if count]
        text += f"Colour gamut: {', '.join(parts)}; high dynamic range {percent(found['high_dynamic_range'] / total)}. "
    if found["inputs"]:
        total = sum(found["inputs"].values())
        text += "Mostly answered by "
        text += ", ".join(f"{name} {percent(count / total)}" for name, count in found["inputs"].items() if count) + "."
    yield Paragraph(text.strip())
    yield Table(
        caption="Device pixels per CSS pixel",
        head=("Ratio", "Ratings", "Annotators"),
        rows=tuple(
            (f"{one['ratio']:g}", number(one["ratings"]), number(one["annotators"])) for one in found["pixel_ratios"]
        ),
    )


def _screening(facts: Record) -> Iterator[Block]:
    counts, found = facts["counts"], facts["screening"]
    yield Heading("Screening of annotators")
    excluded = counts.get("excluded_annotators")
    text = "Annotators were excluded by a person with a reason, never by a program. "
    if excluded is not None:
        who = count_of(excluded, "annotator") if excluded else "Nobody"
        text += f"{who} {'were' if excluded > 1 else 'was'} excluded in this study. "
    text += (
        "For information, those who count were compared with the others on the same ROIs: rank correlation of the own "
        "quality votes with the mean of the others, scatter around the bias/inconsistency model, one answer most of the "
        f"time, presence rates. {found['enough_ratings']} had the {found['fewest_ratings']} ratings below which nobody is "
        "flagged. "
    )
    flags = [f"{_FLAGS[name]} {count}" for name, count in found["flags"].items() if count]
    text += f"Flags: {', '.join(flags)}. " if flags else "No flag was raised. "
    text += f"The rule of ITU-R BT.500 would reject {found['bt500_rejected']}."
    yield Paragraph(text)
    rows = [
        (
            title,
            *(
                signed(found[name][end]) if name == "bias" else digits(found[name][end])
                for end in ("least", "median", "most")
            ),
        )
        for name, title in (
            ("agreement", "Correlation with the others"),
            ("bias", "Bias (levels)"),
            ("inconsistency", "Inconsistency (levels)"),
        )
        if found[name]
    ]
    if rows:
        yield Table(
            caption="Annotators whose votes count, on quality",
            head=("Figure", "Least", "Median", "Most"),
            rows=tuple(rows),
        )
    if found["agreements"]:
        yield Picture(
            drawing=figures.panel_figure(found["agreements"]),
            caption="Each dot is an annotator: correlation of the own quality votes with the mean of the others.",
            says=f"Correlations from {digits(found['agreements'][0])} to {digits(found['agreements'][-1])}.",
        )
    golds = facts["golds"]
    if golds:
        failed = count_of(golds["failed"], "annotator") if golds["failed"] else "nobody"
        yield Paragraph(
            f"ROIs with a known answer were given {count_of(golds['answered'], 'time')} to "
            f"{count_of(golds['annotators'], 'annotator')} whose votes count: {percent(golds['passed'] / golds['answered'])} "
            f"were answered within the levels that pass. At least {FEWEST_GOLDS} answers and fewer than "
            f"{percent(GOLD_PASS_RATE)} right: {failed}."
        )
    if facts["repeats"]:
        repeats = facts["repeats"]
        yield Paragraph(
            f"On {count_of(repeats['n'], 'repeated ROI')}, annotators gave the same quality again in "
            f"{percent(repeats['same'])} of the cases and one within a level of it in {percent(repeats['within_one'])}."
        )


def _provenance(facts: Record, content_sha256: str) -> Iterator[Block]:
    yield Heading("Provenance")
    licence = f"Licence of the labels: {facts['licence']}. " if facts["licence"] else ""
    yield Paragraph(
        f"Computed from the frozen release {content_sha256} alone, which holds every vote under pseudonyms, by ROIQA "
        f"{facts['versions']['roiqa']} (snapshot {facts['snapshot']}). Split rule: {facts['split_rule']}. {licence}"
        "Anybody who holds the release can compute all of this again."
    )

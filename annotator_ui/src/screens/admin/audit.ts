import type { SuggestionAudit } from "../../api/types";

/** What the gate says, in words. */
export const VERDICTS: Readonly<
  Record<SuggestionAudit["gate"], { word: string; title: string; means: string; note: string }>
> = {
  passes: {
    word: "passes",
    title: "No harm seen.",
    means: "On every scale the pull is surely below 0.10 and the mean surely within 0.10 of a level.",
    note: "",
  },
  fails: {
    word: "fails",
    title: "People lean on the model.",
    means:
      "At least one scale is surely pulled. Agreement and the model’s score are then better than the labels: use the " +
      "labels without pre-filled votes, and rate what is left in another study.",
    note: "note-warn",
  },
  undecided: {
    word: "undecided",
    title: "Too few votes to say.",
    means:
      "The intervals still hold both harm and no harm. Pre-filled votes need about as many blind ones beside them.",
    note: "",
  },
};

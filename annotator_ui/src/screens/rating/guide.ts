import type { Distortion } from "../../api/types";

/** What to look for, in plain words. The study's own guide comes on top of these and decides where they differ. */
export const DISTORTION_GUIDE: Readonly<Record<Distortion, string>> = {
  exposure: "Too bright or too dark. Highlights are burnt to white, or shadows hold no detail.",
  noise: "Grain or coloured specks that do not belong to the scene. Even surfaces and dark parts show it best.",
  blur: "Edges and texture are soft: out of focus, a moving camera or a moving subject.",
  contrast:
    "Light and dark lie too close together, so that it looks flat or hazy, or too far apart, so that it looks harsh.",
  colorfulness: "Colours are washed out, far too strong, or have a cast that the scene cannot have had.",
  compression:
    "Traces of strong compression: square blocks, rings beside edges, smeared texture, steps in smooth tones.",
};

/** By severity, 0 to 5. */
export const SEVERITY_GUIDE = [
  "Destroys the region: one can hardly make out what it shows.",
  "The first thing one sees. Much detail is lost.",
  "Clearly visible and disturbing.",
  "Visible, hardly disturbing.",
  "Only just visible when one searches for it.",
  "Not there: one searches and finds nothing.",
] as const;

export const QUALITY_QUESTION = "How good does this region look, all things together?";

/** By quality, 0 to 4. */
export const QUALITY_GUIDE = [
  "Unusable. Nobody would keep it.",
  "Many clear faults.",
  "Acceptable with visible faults.",
  "Slight faults at most.",
  "No fault that one could name.",
] as const;

export const IMPORTANCE_QUESTION = "How much does this region matter for the impression of the whole image?";

/** By importance, 0 to 4. */
export const IMPORTANCE_GUIDE = [
  "Nobody would miss it.",
  "Part of the surroundings.",
  "One part among others.",
  "One of the things that one looks at.",
  "What the image is about.",
] as const;

import type { Edit, SamEvent } from "./edits";

/** An event, and which of the decoder's masks was taken when it was not the model's own choice. */
export interface SamStep {
  readonly event: SamEvent;
  readonly candidate: number | null;
}

export type SamEdit = Extract<Edit, { kind: "sam" }>;

/** What a decoder is asked. */
export interface SamPrompt {
  readonly points: readonly { readonly x: number; readonly y: number; readonly positive: boolean }[];
  readonly box: readonly [x0: number, y0: number, x1: number, y1: number] | null;
}

/** The steps of the part that is being selected: whatever is done by hand, and every box, ends the part before. */
export function currentPart(edits: readonly Edit[]): readonly SamEdit[] {
  const steps: SamEdit[] = [];
  for (let at = edits.length - 1; at >= 0; at--) {
    const edit = edits[at];
    if (edit?.kind !== "sam") break;
    steps.unshift(edit);
    if (edit.starts) break;
  }
  return steps;
}

export interface NextStep {
  /** The part's steps with the new one last. */
  readonly steps: readonly SamStep[];
  readonly operation: "add" | "subtract";
  readonly starts: boolean;
}

/** What a click means: the first one of a part selects, and the others say what belongs to it and what does not. */
export function nextPoint(edits: readonly Edit[], pixel: { x: number; y: number }, removes: boolean): NextStep {
  const part = currentPart(edits);
  const operation = part[0]?.operation ?? (removes ? "subtract" : "add");
  const positive = removes === (operation === "subtract");
  const event: SamEvent = { type: "point", x: pixel.x, y: pixel.y, positive };
  return { steps: [...part.map(stepOf), { event, candidate: null }], operation, starts: part.length === 0 };
}

/** A box begins a part of its own. */
export function nextBox(box: { x: number; y: number; width: number; height: number }, removes: boolean): NextStep {
  const event: SamEvent = { type: "box", x0: box.x, y0: box.y, x1: box.x + box.width, y1: box.y + box.height };
  return { steps: [{ event, candidate: null }], operation: removes ? "subtract" : "add", starts: true };
}

export function stepOf({ event, candidate }: SamEdit): SamStep {
  return { event, candidate };
}

/** All points and the last box of the steps. */
export function promptOf(steps: readonly SamStep[]): SamPrompt {
  const points: { x: number; y: number; positive: boolean }[] = [];
  let box: SamPrompt["box"] = null;
  for (const { event } of steps) {
    if (event.type === "box") box = [event.x0, event.y0, event.x1, event.y1];
    else points.push({ x: event.x, y: event.y, positive: event.positive });
  }
  return { points, box };
}

/** One click alone may mean a part, a thing or a group, so the decoder answers with three masks. */
export function isAmbiguous(steps: readonly SamStep[]): boolean {
  const [only] = steps;
  return steps.length === 1 && only?.event.type === "point" && only.event.positive;
}

/** Names what was asked, the choices on the way included: equal keys have equal answers. The last step's choice is left out. */
export function keyOfSteps(steps: readonly SamStep[]): string {
  return steps
    .map(({ event, candidate }, at) => {
      const choice = at < steps.length - 1 && candidate !== null ? `=${candidate}` : "";
      if (event.type === "box") return `b${event.x0},${event.y0},${event.x1},${event.y1}${choice}`;
      return `${event.positive ? "+" : "-"}${event.x},${event.y}${choice}`;
    })
    .join(" ");
}

/** One of several masks that a decoder answered; the model's own choice is first among them. */
export interface Candidate {
  readonly index: number;
  /** Size on the decoder's own grid: enough to tell which is larger. */
  readonly lowArea: number;
}

/** The candidate so many sizes above or below the model's own choice; `step` counts from the smallest. */
export function candidateAt(
  candidates: readonly Candidate[],
  offset: number,
): { candidate: Candidate; step: number; own: number } | null {
  const [first] = candidates;
  if (first === undefined) return null;
  const bySize = [...candidates].sort((a, b) => a.lowArea - b.lowArea);
  const own = bySize.indexOf(first);
  const step = Math.min(bySize.length - 1, Math.max(0, own + offset));
  return { candidate: bySize[step] ?? first, step, own };
}

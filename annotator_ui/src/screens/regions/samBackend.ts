import type { Edit } from "../../model/edits";
import { isAmbiguous, keyOfSteps, type NextStep, nextBox, nextPoint } from "../../model/samPrompt";
import type { Found, SamSession } from "../../sam/session";
import type { Query, Shown, SmartBackend } from "./smartBackend";

function nextStep({ pixel, box, removes, edits }: Query): NextStep | null {
  if (box !== null) return nextBox(box, removes);
  return pixel === null ? null : nextPoint(edits, pixel, removes);
}

function shownOf({ mask, choice }: Found): Shown {
  return { choice, area: mask.area, mask };
}

/** Smart select on a segmentation model: every click says more about the part that is being selected. */
export function samBackend(session: SamSession): SmartBackend {
  const offsetOf = (next: NextStep, { offset }: Query) => (isAmbiguous(next.steps) ? offset : 0);
  async function find(query: Query, patient: boolean) {
    const next = nextStep(query);
    if (next === null) throw new Error("Point at the image.");
    return { next, found: await session.find(next.steps, offsetOf(next, query), patient) };
  }
  return {
    keyOf: (query) => {
      const next = nextStep(query);
      return next === null ? null : `${session.image.key} ${keyOfSteps(next.steps)} ${offsetOf(next, query)}`;
    },
    peek: (query) => {
      const next = nextStep(query);
      const found = next && session.peek(next.steps, offsetOf(next, query));
      return found && shownOf(found);
    },
    look: async (query) => shownOf((await find(query, false)).found),
    take: async (query): Promise<Edit> => {
      const { next, found } = await find(query, true);
      const { operation, starts, steps } = next;
      const event = steps.at(-1)?.event;
      if (event === undefined) throw new Error("Point at the image.");
      const { candidate, by, mask } = found;
      return { kind: "sam", operation, starts, event, candidate, by, counts: mask.counts };
    },
  };
}

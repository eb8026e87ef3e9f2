import type { Working } from "./editor";

/** Where unsaved ROI work is kept in this browser: the methods of Storage that are used. */
export type DraftStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const VERSION = 1;

/** One draft per person, study and image: a shared computer must not show one person's work to another. */
export interface DraftPlace {
  readonly user: string;
  readonly study: string;
  readonly image: string;
}

function keyOf({ user, study, image }: DraftPlace): string {
  return `roiqa:regions:${user}:${study}:${image}`;
}

/** Keeps the work, or forgets it when there is none. False when the browser has no room or forbids storage. */
export function keepDraft(storage: DraftStorage, place: DraftPlace, working: Working | null): boolean {
  try {
    if (working === null) storage.removeItem(keyOf(place));
    else storage.setItem(keyOf(place), JSON.stringify({ version: VERSION, working }));
    return true;
  } catch {
    return false;
  }
}

/** The work that was kept, or `null`; what another version wrote, or is damaged, is not touched and not used. */
export function keptDraft(storage: DraftStorage, place: DraftPlace): Working | null {
  try {
    const stored = JSON.parse(storage.getItem(keyOf(place)) ?? "null") as {
      version?: unknown;
      working?: Working;
    } | null;
    if (stored === null || stored.version !== VERSION || stored.working === undefined) return null;
    return Array.isArray(stored.working.history.done) ? stored.working : null;
  } catch {
    return null;
  }
}

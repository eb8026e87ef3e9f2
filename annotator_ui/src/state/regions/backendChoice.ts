/** Which of Smart select's two backends a person wants; `null` leaves it to the study. */
export type BackendName = "model" | "regions";

type Kept = Pick<Storage, "getItem" | "setItem">;

const keyOf = (study: string) => `roiqa:smart:${study}`;

/** What was chosen in this browser for the study's images. */
export function keptBackend(storage: Kept, study: string): BackendName | null {
  try {
    const kept = storage.getItem(keyOf(study));
    return kept === "model" || kept === "regions" ? kept : null;
  } catch {
    return null;
  }
}

export function keepBackend(storage: Kept, study: string, name: BackendName): void {
  try {
    storage.setItem(keyOf(study), name);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

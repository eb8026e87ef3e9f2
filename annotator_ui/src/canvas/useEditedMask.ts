import { useEffect, useRef, useState } from "react";
import type { Segmentation } from "../api/types";
import type { Edit } from "../model/edits";
import type { EditedMask } from "./maskMessages";
import { askMaskWorker } from "./maskWorker";

export interface EditedMaskInput {
  readonly base: Segmentation | null;
  readonly size: Segmentation["size"];
  readonly edits: readonly Edit[];
  readonly preview: Edit | null;
}

/** `error` says why there is no mask; `stale` until the mask has all edits. */
export interface EditedMaskNow {
  readonly mask: EditedMask | null;
  readonly error: string | null;
  readonly stale: boolean;
}

interface State {
  readonly mask: EditedMask | null;
  readonly error: string | null;
  /** What they are of. */
  readonly of: EditedMaskInput | null;
}

/**
 * The mask after the edits, as it becomes ready; `null` without input. One request is under way at a time and the latest
 * wins: a slow mask shows fewer steps of a stroke instead of falling behind the pointer.
 */
export function useEditedMask(input: EditedMaskInput | null): EditedMaskNow {
  const [{ mask, error, of }, setState] = useState<State>({ mask: null, error: null, of: null });
  const wanted = useRef<EditedMaskInput | null>(null);
  const current = useRef<EditedMaskInput | null>(null);
  const busy = useRef(false);
  useEffect(() => {
    async function pump(): Promise<void> {
      if (busy.current) return;
      busy.current = true;
      for (let next = wanted.current; next !== null; next = wanted.current) {
        wanted.current = null;
        try {
          const mask = await askMaskWorker({ kind: "apply", ...next });
          if (current.current !== null) setState({ mask, error: null, of: next });
        } catch (error) {
          const reason = error instanceof Error ? error.message : "";
          if (current.current !== null) setState({ mask: null, error: reason, of: next });
        }
      }
      busy.current = false;
    }
    wanted.current = input;
    current.current = input;
    if (input === null) setState({ mask: null, error: null, of: null });
    else void pump();
  }, [input]);
  return { mask, error, stale: of !== input };
}

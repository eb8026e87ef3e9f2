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

/**
 * The mask after the edits, as it becomes ready; `null` without input. One request is under way at a time and the latest
 * wins: a slow mask shows fewer steps of a stroke instead of falling behind the pointer.
 */
export function useEditedMask(input: EditedMaskInput | null): { mask: EditedMask | null; error: string | null } {
  const [state, setState] = useState<{ mask: EditedMask | null; error: string | null }>({ mask: null, error: null });
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
          if (current.current !== null) setState({ mask, error: null });
        } catch (error) {
          if (current.current !== null) setState({ mask: null, error: error instanceof Error ? error.message : "" });
        }
      }
      busy.current = false;
    }
    wanted.current = input;
    current.current = input;
    if (input === null) setState({ mask: null, error: null });
    else void pump();
  }, [input]);
  return state;
}

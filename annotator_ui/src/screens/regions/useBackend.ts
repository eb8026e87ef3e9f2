import { useMemo, useState } from "react";
import type { ImageRow, Study } from "../../api/types";
import type { Edit } from "../../model/edits";
import { type BackendName, keepBackend, keptBackend } from "../../state/regions/backendChoice";
import { samBackend } from "./samBackend";
import type { SmartBackend } from "./smartBackend";
import { treeBackend } from "./treeBackend";
import type { Prepared } from "./usePrepared";
import { useRegionTree } from "./useRegionTree";
import { type Sam, useSam } from "./useSam";

export interface Backends {
  /** The one in use; `null` while neither is there. */
  readonly backend: SmartBackend | null;
  readonly name: BackendName;
  /** The one that is wanted: another one is used until it is there. */
  readonly wanted: BackendName;
  readonly sam: Sam;
  readonly tree: Prepared<unknown>;
  readonly choose: (name: BackendName) => void;
}

/** Smart select by the study's segmentation model where it has one, and by the region tree until that is there. */
export function useBackend(study: Study, image: ImageRow, next: string | null, edits: readonly Edit[]): Backends {
  const tree = useRegionTree(image, next);
  const sam = useSam(study, image, next);
  const [chosen, setChosen] = useState(() => keptBackend(localStorage, study.slug));
  const regions = tree.phase === "ready" ? tree.value : null;
  const session = sam.state.phase === "ready" ? sam.state.value : null;
  const byTree = useMemo(() => regions && treeBackend(regions), [regions]);
  const byModel = useMemo(() => session && samBackend(session), [session]);
  const wanted = sam.title === null ? "regions" : (chosen ?? "model");
  // Work that was begun with regions goes on with them: the model must not take over between two clicks.
  const begun = chosen === null && edits.some(({ kind }) => kind === "region");
  const name = wanted === "model" && byModel !== null && !(begun && byTree !== null) ? "model" : "regions";
  function choose(next: BackendName) {
    setChosen(next);
    keepBackend(localStorage, study.slug, next);
  }
  return { backend: name === "model" ? byModel : byTree, name, wanted, sam, tree, choose };
}

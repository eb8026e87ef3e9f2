import { ByteCache } from "../model/byteCache";
import type { HomeKind, SamMaker } from "../model/edits";
import { candidateAt, isAmbiguous, keyOfSteps, type SamStep } from "../model/samPrompt";
import type { HomeChooser } from "./chooser";
import type { SamImage, SamModel } from "./homes";
import type { Decoded, SamCandidate, SamMask, Wanted } from "./messages";
import type { SamWorker } from "./worker";

/** Logits of real size have 256 KB a mask: enough for a few hundred places under the pointer. */
const CACHE_BYTES = 96 * 1024 * 1024;

/** Everything that is known of one prompt. */
interface Known {
  readonly candidates: readonly SamCandidate[];
  readonly complete: boolean;
  readonly masks: Map<number, SamMask>;
  readonly home: HomeKind;
}

/** A mask for a prompt. */
export interface Found {
  readonly mask: SamMask;
  /** The decoder's number of the mask, where it is not the model's own choice. */
  readonly candidate: number | null;
  /** Place among the candidates by size; `null` where there is one, or the others are not known. */
  readonly choice: { readonly step: number; readonly count: number; readonly own: number } | null;
  readonly by: SamMaker;
}

/** The segmentation model on one image: prompts in, masks out, and nothing is computed twice while there is room. */
export class SamSession {
  readonly image: SamImage;
  readonly model: SamModel;
  readonly homes: HomeChooser;
  readonly #worker: SamWorker;
  readonly #known: ByteCache<Known>;
  readonly #underWay = new Map<string, Promise<Known>>();

  constructor(parts: { image: SamImage; model: SamModel; homes: HomeChooser; worker: SamWorker; cacheBytes?: number }) {
    this.image = parts.image;
    this.model = parts.model;
    this.homes = parts.homes;
    this.#worker = parts.worker;
    this.#known = new ByteCache(parts.cacheBytes ?? CACHE_BYTES);
  }

  /** The mask of these steps, the last one at `offset` sizes from the model's own choice, if it is known already. */
  peek(steps: readonly SamStep[], offset: number): Found | null {
    const known = this.#known.get(keyOfSteps(steps));
    return known === undefined || !answers(known, steps, offset) ? null : this.#found(known, offset);
  }

  /** The same, computed where it is not known. `patient` for what must not be lost. */
  async find(steps: readonly SamStep[], offset: number, patient: boolean): Promise<Found> {
    const known = await this.#decoded(steps, offset, patient);
    const index = candidateAt(known.candidates, offset)?.candidate.index ?? -1;
    if (!known.masks.has(index)) known.masks.set(index, await this.#shaped(known, index));
    const found = this.#found(known, offset);
    if (found === null) throw new Error("The model did not answer with a mask. Point at the image again.");
    return found;
  }

  #found(known: Known, offset: number): Found | null {
    const at = candidateAt(known.candidates, offset);
    const mask = at === null ? undefined : known.masks.get(at.candidate.index);
    if (at === null || mask === undefined) return null;
    const count = known.candidates.length;
    return {
      mask,
      candidate: at.step === at.own ? null : at.candidate.index,
      choice: count > 1 ? { step: at.step, own: at.own, count } : null,
      by: { model: this.model.id, version: this.model.version, home: known.home },
    };
  }

  #shaped(known: Known, index: number): Promise<SamMask> {
    const logits = known.candidates.find((candidate) => candidate.index === index)?.logits ?? new Float32Array();
    return this.#worker.ask(this.image.key, { kind: "shape", logits, frame: this.image.frame });
  }

  async #decoded(steps: readonly SamStep[], offset: number, patient: boolean): Promise<Known> {
    const key = keyOfSteps(steps);
    const known = this.#known.get(key);
    if (known !== undefined && answers(known, steps, offset)) return known;
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) {
      const shared = await underWay.catch(() => undefined);
      if (shared !== undefined && answers(shared, steps, offset)) return shared;
    }
    const decoding = this.#decode(steps, { offset }, patient);
    this.#underWay.set(key, decoding);
    try {
      const fresh = await decoding;
      this.#known.set(key, fresh, bytesOf(fresh));
      return fresh;
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #decode(steps: readonly SamStep[], wanted: Wanted, patient: boolean): Promise<Known> {
    const previous = await this.#previous(steps, patient);
    const decoded = await this.homes.decode({ image: this.image, steps, previous, wanted }, patient);
    const { candidates, complete, home, index, mask } = decoded;
    return { candidates, complete, home, masks: new Map([[index, mask]]) };
  }

  /** Logits that the steps before the last one left; they are worked out again where they are no longer kept. */
  async #previous(steps: readonly SamStep[], patient: boolean): Promise<Float32Array | null> {
    const before = steps.slice(0, -1);
    const last = before.at(-1);
    if (last === undefined) return null;
    let known = await this.#decoded(before, 0, patient);
    const chosen = () => known.candidates.find(({ index }) => last.candidate === null || index === last.candidate);
    // Another mask than the model's own choice was taken, and the server sent only that one.
    if (chosen() === undefined) known = await this.#decoded(before, 1, patient);
    return chosen()?.logits ?? null;
  }
}

/** Whether what is known tells the mask at this offset: the own choice is always there, the others may not be. */
function answers(known: Known, steps: readonly SamStep[], offset: number): boolean {
  return known.complete || offset === 0 || !isAmbiguous(steps);
}

function bytesOf({ candidates, masks }: { candidates: Decoded["candidates"]; masks: Map<number, SamMask> }): number {
  const logits = candidates.reduce((sum, candidate) => sum + candidate.logits.byteLength, 0);
  const [mask] = masks.values();
  // Three masks at most, each about as large as the first one.
  const outlines = mask?.loops.reduce((sum, loop) => sum + loop.byteLength, 2 * mask.counts.length) ?? 0;
  return logits + candidates.length * outlines;
}

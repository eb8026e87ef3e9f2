import type { Proposal, ProposalState } from "../../api/types";

export type Verdict = Exclude<ProposalState, "pending">;

/** Proposals that are looked through, in the server's order, and what was decided on this page, last one last. */
export interface Queue {
  readonly rows: readonly Proposal[];
  readonly decided: readonly { readonly id: string; readonly verdict: Verdict }[];
  /** The proposal on the page; `null` when none is left. */
  readonly current: string | null;
}

export const NO_QUEUE: Queue = { rows: [], decided: [], current: null };

export type QueueAction =
  /** Rows that the server sent; known ones stay as they are, so that nothing jumps. */
  | { type: "rows"; rows: readonly Proposal[] }
  | { type: "decide"; id: string; verdict: Verdict }
  /** The server refused the decision: the proposal comes back. */
  | { type: "refused"; id: string }
  /** Takes the last decision back and shows its proposal. */
  | { type: "undo" }
  /** To the next or the previous one that is not decided. */
  | { type: "step"; by: 1 | -1 };

function isOpen(queue: Queue, id: string): boolean {
  return !queue.decided.some((one) => one.id === id);
}

/** The nearest open proposal after `index` (or before, going backwards), else the one on the other side. */
function nearestOpen(queue: Queue, index: number, by: 1 | -1): string | null {
  for (const way of [by, -by]) {
    for (let at = index + way; at >= 0 && at < queue.rows.length; at += way) {
      const id = queue.rows[at]?.id;
      if (id !== undefined && isOpen(queue, id)) return id;
    }
  }
  return null;
}

function withoutDecision(queue: Queue, id: string): Queue {
  return { ...queue, decided: queue.decided.filter((one) => one.id !== id), current: id };
}

export function queueReducer(queue: Queue, action: QueueAction): Queue {
  switch (action.type) {
    case "rows": {
      const known = new Set(queue.rows.map(({ id }) => id));
      const fresh = action.rows.filter(({ id }) => !known.has(id));
      if (fresh.length === 0) return queue;
      const next = { ...queue, rows: [...queue.rows, ...fresh] };
      return { ...next, current: queue.current ?? nearestOpen(next, -1, 1) };
    }
    case "decide": {
      const decided = [
        ...queue.decided.filter(({ id }) => id !== action.id),
        { id: action.id, verdict: action.verdict },
      ];
      const next = { ...queue, decided };
      if (queue.current !== action.id) return next;
      const index = queue.rows.findIndex(({ id }) => id === action.id);
      return { ...next, current: nearestOpen(next, index, 1) };
    }
    case "refused":
      return withoutDecision(queue, action.id);
    case "undo": {
      const last = queue.decided.at(-1);
      return last === undefined ? queue : withoutDecision(queue, last.id);
    }
    case "step": {
      const index = queue.rows.findIndex(({ id }) => id === queue.current);
      const next = nearestOpen(queue, index, action.by);
      const at = queue.rows.findIndex(({ id }) => id === next);
      // At an end it stays where it is.
      return next !== null && Math.sign(at - index) === action.by ? { ...queue, current: next } : queue;
    }
  }
}

export function currentOf(queue: Queue): Proposal | null {
  return queue.rows.find(({ id }) => id === queue.current) ?? null;
}

/** Proposals after the current one, to have their images early. */
export function openAfter(queue: Queue): Proposal | null {
  const index = queue.rows.findIndex(({ id }) => id === queue.current);
  return queue.rows.find(({ id }, at) => at > index && isOpen(queue, id)) ?? null;
}

/** How many of the known proposals are not decided. */
export function openCount(queue: Queue): number {
  return queue.rows.length - queue.decided.length;
}

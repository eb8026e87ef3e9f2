import type { Box } from "./mask";
import { leafAt, type RegionTree, regionsAround } from "./regionTree";

/** What a click can take, from small to large, and which of them it takes by itself. */
export interface Choice {
  readonly nodes: readonly number[];
  /** Index into `nodes`. */
  readonly own: number;
}

/** A step to the next larger region multiplies the area by about this: less is hardly seen. */
const JUMP = 1.5;

/** A node belongs to a box when at least this part of its area lies inside. */
export const BOX_SHARE = 0.55;

function indexOfBest(tree: RegionTree, nodes: readonly number[]): number {
  return nodes.reduce(
    (best, node, at) => ((tree.score[node] ?? 0) > (tree.score[nodes[best] ?? 0] ?? 0) ? at : best),
    0,
  );
}

/** Of regions that hardly differ in area only the one with the best score: the best of all always stays. */
function clearSteps(tree: RegionTree, chain: readonly number[]): number[] {
  const steps: number[] = [];
  let group: number[] = [];
  for (const node of chain) {
    if (group.length > 0 && (tree.area[node] ?? 0) >= JUMP * (tree.area[group[0] ?? 0] ?? 0)) {
      steps.push(group[indexOfBest(tree, group)] ?? 0);
      group = [];
    }
    group.push(node);
  }
  if (group.length > 0) steps.push(group[indexOfBest(tree, group)] ?? 0);
  return steps;
}

/** The regions around a pixel and the one with the best score; `null` outside the image. */
export function choiceAt(tree: RegionTree, x: number, y: number): Choice | null {
  const leaf = leafAt(tree, x, y);
  if (leaf === null) return null;
  const nodes = clearSteps(tree, regionsAround(tree, leaf));
  return { nodes, own: indexOfBest(tree, nodes) };
}

/**
 * What a click that takes away can take: the regions around the pixel that hold none of the clicks that added, and of
 * them the largest. The newest click counts: on the very leaf of an older one it takes that leaf. Without clicks to
 * spare the best score decides, as the largest would be the whole image.
 */
export function cutAt(
  tree: RegionTree,
  x: number,
  y: number,
  added: readonly { readonly x: number; readonly y: number }[],
): Choice | null {
  const leaf = leafAt(tree, x, y);
  if (leaf === null) return null;
  if (added.length === 0) return choiceAt(tree, x, y);
  const spared = new Set<number>();
  for (const click of added) {
    const clicked = leafAt(tree, click.x, click.y);
    if (clicked !== null) for (const node of regionsAround(tree, clicked)) spared.add(node);
  }
  const free = regionsAround(tree, leaf).filter((node) => !spared.has(node));
  if (free.length === 0) return { nodes: [leaf], own: 0 };
  const largest = free.at(-1) ?? leaf;
  const nodes = clearSteps(tree, free);
  return nodes.at(-1) === largest
    ? { nodes, own: nodes.length - 1 }
    : { nodes: [...nodes, largest], own: nodes.length };
}

/** Pixels of each node inside the box, which lies in the image. */
function pixelsInside(tree: RegionTree, box: Box): Uint32Array {
  const inside = new Uint32Array(tree.nodes);
  for (let y = box.y; y < box.y + box.height; y++) {
    const row = tree.labels.subarray(y * tree.width + box.x, y * tree.width + box.x + box.width);
    for (const leaf of row) inside[leaf] = (inside[leaf] ?? 0) + 1;
  }
  for (let node = 0; node < tree.nodes; node++) {
    const up = tree.parent[node] ?? node;
    if (up !== node) inside[up] = (inside[up] ?? 0) + (inside[node] ?? 0);
  }
  return inside;
}

/**
 * What a box means: the union of the largest nodes with at least BOX_SHARE of their area inside, and of the single node
 * that fits the box best. The nodes do not contain each other. `box` lies in the image and is not empty.
 */
export function boxNodes(tree: RegionTree, box: Box): number[] {
  const inside = pixelsInside(tree, box);
  const size = box.width * box.height;
  const belongs = (node: number) => (inside[node] ?? 0) >= BOX_SHARE * (tree.area[node] ?? 0);
  let best = 0;
  let bestFit = -1;
  for (let node = 0; node < tree.nodes; node++) {
    const shared = inside[node] ?? 0;
    const fit = shared / (size + (tree.area[node] ?? 0) - shared);
    if (fit > bestFit) [best, bestFit] = [node, fit];
  }
  // From the roots down: what lies below a taken node is taken with it.
  const taken = new Uint8Array(tree.nodes);
  const nodes: number[] = [];
  for (let node = tree.nodes - 1; node >= 0; node--) {
    const up = tree.parent[node] ?? node;
    if (up !== node && taken[up] === 1) taken[node] = 1;
    else if (node === best || belongs(node)) {
      taken[node] = 1;
      nodes.push(node);
    }
  }
  return nodes;
}

import fc from "fast-check";
import type { RegionTree } from "../../src/geometry/regionTree";

/** The bytes of a tree, as the server writes them. */
export function bytesOf(
  tree: Omit<RegionTree, "leaves" | "nodes" | "labels"> & { labels: ArrayLike<number>; leaves: number },
) {
  const { width, height, leaves, labels, parent, scale, area, score } = tree;
  const wide = leaves > 65535;
  const table = 20 + Math.ceil((width * height * (wide ? 4 : 2)) / 4) * 4;
  const bytes = new ArrayBuffer(table + 16 * parent.length);
  new Uint8Array(bytes).set([...new TextEncoder().encode("RQT1")]);
  const view = new DataView(bytes);
  [width, height, leaves, parent.length].forEach((value, at) => {
    view.setUint32(4 + 4 * at, value, true);
  });
  if (wide) new Uint32Array(bytes, 20, width * height).set(labels);
  else new Uint16Array(bytes, 20, width * height).set(labels);
  new Uint32Array(bytes, table, parent.length).set(parent);
  new Float32Array(bytes, table + 4 * parent.length, parent.length).set(scale);
  new Uint32Array(bytes, table + 8 * parent.length, parent.length).set(area);
  new Float32Array(bytes, table + 12 * parent.length, parent.length).set(score);
  return bytes;
}

/** A tree over given leaves: `joins` names pairs of nodes, each making the next node at its scale. */
export function treeOf(
  width: number,
  labels: readonly number[],
  joins: readonly { a: number; b: number; scale: number }[],
  scores: readonly number[] = [],
): RegionTree {
  const leaves = Math.max(...labels) + 1;
  const nodes = leaves + joins.length;
  const parent = Uint32Array.from({ length: nodes }, (_, node) => node);
  const scale = new Float32Array(nodes);
  const area = new Uint32Array(nodes);
  for (const leaf of labels) area[leaf] = (area[leaf] ?? 0) + 1;
  joins.forEach(({ a, b, scale: at }, index) => {
    const node = leaves + index;
    parent[a] = node;
    parent[b] = node;
    scale[node] = at;
    area[node] = (area[a] ?? 0) + (area[b] ?? 0);
  });
  const score = Float32Array.from({ length: nodes }, (_, node) => scores[node] ?? 0);
  const height = labels.length / width;
  return { width, height, leaves, nodes, labels: Uint16Array.from(labels), parent, scale, area, score };
}

/** Trees of 1 to 12 pixels a side with any leaves, any order of joining, equal scales, and more than one root. */
export const trees: fc.Arbitrary<RegionTree> = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .chain(([width, height]) =>
    fc.record({
      width: fc.constant(width),
      marks: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: width * height, maxLength: width * height }),
      picks: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 0, max: 2 })), { maxLength: 9 }),
      scores: fc.array(fc.integer({ min: 0, max: 16 }), { minLength: 20, maxLength: 20 }),
    }),
  )
  .map(({ width, marks, picks, scores }) => {
    const used = [...new Set(marks)];
    const labels = marks.map((mark) => used.indexOf(mark));
    const free = used.map((_, leaf) => leaf);
    const joins: { a: number; b: number; scale: number }[] = [];
    let scale = 0;
    for (const [first, second, rise] of picks) {
      if (free.length < 2) break;
      const [a = 0] = free.splice(first % free.length, 1);
      const [b = 0] = free.splice(second % free.length, 1);
      scale += rise / 32;
      joins.push({ a, b, scale });
      free.push(used.length + joins.length - 1);
    }
    return treeOf(
      width,
      labels,
      joins,
      scores.map((score) => score / 16),
    );
  });

/** Whether a pixel lies below a node, found by climbing. */
export function holds(tree: RegionTree, node: number, x: number, y: number): boolean {
  let at = tree.labels[y * tree.width + x] ?? 0;
  while (at !== node && tree.parent[at] !== at) at = tree.parent[at] ?? 0;
  return at === node;
}

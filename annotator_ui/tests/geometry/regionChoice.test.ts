import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BOX_SHARE, boxNodes, choiceAt, cutAt } from "../../src/geometry/regionChoice";
import { regionsAround } from "../../src/geometry/regionTree";
import { holds, treeOf, trees } from "./trees";

const clicks = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 3 });
const pixelIn = (tree: { width: number; height: number }, [x, y]: readonly [number, number]) => ({
  x: x % tree.width,
  y: y % tree.height,
});

describe("a click that adds", () => {
  test("takes a region that holds it, from small to large, and of all regions around it the best one", () => {
    fc.assert(
      fc.property(trees, fc.nat(), fc.nat(), (tree, a, b) => {
        const { x, y } = pixelIn(tree, [a, b]);
        const choice = choiceAt(tree, x, y);
        const areas = choice?.nodes.map((node) => tree.area[node] ?? 0) ?? [];
        expect(areas).toEqual([...new Set(areas)].sort((one, other) => one - other));
        for (const node of choice?.nodes ?? []) expect(holds(tree, node, x, y)).toBe(true);
        const best = Math.max(
          ...regionsAround(tree, tree.labels[y * tree.width + x] ?? 0).map((node) => tree.score[node] ?? 0),
        );
        expect(tree.score[choice?.nodes[choice.own] ?? -1]).toBe(best);
      }),
    );
  });

  test("by itself never takes back what a click took away, save on the same leaf", () => {
    fc.assert(
      fc.property(trees, fc.nat(), fc.nat(), clicks, (tree, a, b, others) => {
        const { x, y } = pixelIn(tree, [a, b]);
        const removed = others.map((other) => pixelIn(tree, other));
        const choice = choiceAt(tree, x, y, removed);
        const node = choice?.nodes[choice.own] ?? -1;
        const leaf = tree.labels[y * tree.width + x] ?? 0;
        expect(holds(tree, node, x, y)).toBe(true);
        expect(new Set(choice?.nodes).size).toBe(choice?.nodes.length);
        const swallowed = removed.some((click) => holds(tree, node, click.x, click.y));
        const regions = regionsAround(tree, leaf);
        const [smallest = -1] = regions;
        const possible = !removed.some((click) => holds(tree, smallest, click.x, click.y));
        expect(swallowed && possible).toBe(false);
      }),
    );
  });

  test("steps that are hardly larger are left out, the best of them stays", () => {
    const joins = [1, 2, 3, 4].map((leaf, at) => ({ a: at === 0 ? 0 : 4 + at, b: leaf, scale: (at + 1) / 8 }));
    const tree = treeOf(20, [...Array(14).fill(0), 1, 2, 3, 4, 4, 4], joins, [0, 0, 0, 0, 0, 0, 0.5]);
    expect(choiceAt(tree, 0, 0)).toEqual({ nodes: [6], own: 0 });
    expect(choiceAt(tree, 19, 0)).toEqual({ nodes: [4, 8], own: 0 });
  });

  test("outside the image takes nothing", () => {
    expect(choiceAt(treeOf(1, [0], []), 1, 0)).toBeNull();
  });
});

describe("a click that takes away", () => {
  test("always takes its own pixel, and none that was clicked before save on its own leaf", () => {
    fc.assert(
      fc.property(trees, fc.nat(), fc.nat(), clicks, (tree, a, b, others) => {
        const { x, y } = pixelIn(tree, [a, b]);
        const added = others.map((other) => pixelIn(tree, other));
        const choice = cutAt(tree, x, y, added);
        for (const node of choice?.nodes ?? []) {
          expect(holds(tree, node, x, y)).toBe(true);
          if (added.length === 0 || node < tree.leaves) continue;
          expect(added.some((click) => holds(tree, node, click.x, click.y))).toBe(false);
        }
        expect(choice?.own).toBeLessThan(choice?.nodes.length ?? 0);
      }),
    );
  });

  test("takes the largest region that spares what was added", () => {
    const tree = treeOf(
      4,
      [0, 1, 2, 3],
      [
        { a: 0, b: 1, scale: 0.25 },
        { a: 4, b: 2, scale: 0.5 },
        { a: 5, b: 3, scale: 0.75 },
      ],
    );
    const cut = cutAt(tree, 0, 0, [{ x: 3, y: 0 }]);
    expect(cut?.nodes[cut.own]).toBe(5);
    expect(cutAt(tree, 0, 0, [{ x: 0, y: 0 }])).toEqual({ nodes: [0], own: 0 });
  });
});

describe("a box", () => {
  test("takes leaves that lie inside enough, once each, and those that stay inside longer first", () => {
    fc.assert(
      fc.property(trees, fc.nat(), fc.nat(), fc.nat(), fc.nat(), (tree, a, b, c, d) => {
        const { x, y } = pixelIn(tree, [a, b]);
        const box = { x, y, width: 1 + (c % (tree.width - x)), height: 1 + (d % (tree.height - y)) };
        const within = (node: number) => {
          let shared = 0;
          for (let px = x; px < x + box.width; px++) {
            for (let py = y; py < y + box.height; py++) if (holds(tree, node, px, py)) shared += 1;
          }
          return shared >= BOX_SHARE * (tree.area[node] ?? 0);
        };
        const leavingAt = (leaf: number) => {
          let at = leaf;
          while (within(at)) {
            if (tree.parent[at] === at) return 2;
            at = tree.parent[at] ?? at;
          }
          return tree.scale[at] ?? 0;
        };
        const nodes = boxNodes(tree, box);
        const inside = Array.from({ length: tree.leaves }, (_, leaf) => leaf).filter(within);
        if (inside.length === 0) {
          expect(nodes).toHaveLength(1);
          return;
        }
        expect(new Set(nodes).size).toBe(nodes.length);
        expect(nodes.every((node) => inside.includes(node))).toBe(true);
        const least = Math.min(...nodes.map(leavingAt));
        expect(inside.filter((leaf) => leavingAt(leaf) > least).every((leaf) => nodes.includes(leaf))).toBe(true);
      }),
    );
  });

  test("leaves out what flows to the surroundings, once the rest reaches its sides", () => {
    // The box holds leaves 1 to 3; 2 joins the outside at .25, the others only at .75.
    const tree = treeOf(
      12,
      [0, 1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 0],
      [
        { a: 0, b: 2, scale: 0.25 },
        { a: 1, b: 3, scale: 0.5 },
        { a: 4, b: 5, scale: 0.75 },
      ],
    );
    expect(boxNodes(tree, { x: 1, y: 0, width: 10, height: 1 })).toEqual([1, 3]);
  });

  test("that holds the better part of nothing takes what fits it best", () => {
    expect(
      boxNodes(treeOf(4, [0, 0, 0, 1], [{ a: 0, b: 1, scale: 0.5 }]), { x: 0, y: 0, width: 1, height: 1 }),
    ).toEqual([0]);
  });
});

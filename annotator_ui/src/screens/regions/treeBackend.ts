import type { RegionTake } from "../../canvas/maskMessages";
import { type ImageRegions, knownRegionMask, regionMask } from "../../canvas/regionMasks";
import type { Edit } from "../../model/edits";
import { pointPrompt, type Target, targetAt } from "../../tools/smart";
import type { Query, Shown, SmartBackend } from "./smartBackend";

/** Smart select on the region tree: the region under the pointer is looked up, its outline computed by the worker. */
export function treeBackend(regions: ImageRegions): SmartBackend {
  const { tree } = regions;
  /** A hover asks the same thing several times. */
  let last: { query: Query; target: Target | null } | null = null;
  function targetOf(query: Query): Target | null {
    if (last?.query === query) return last.target;
    const { pixel, removes, edits, offset } = query;
    const target = pixel === null ? null : targetAt(tree, pixel, removes, edits, offset);
    last = { query, target };
    return target;
  }
  function takeOf(query: Query): RegionTake | null {
    if (query.box !== null) return { box: query.box };
    const target = targetOf(query);
    return target === null ? null : { nodes: [target.node] };
  }
  function shownOf(query: Query, mask: Shown["mask"]): Shown {
    const target = query.box === null ? targetOf(query) : null;
    return {
      choice: target && { step: target.step, count: target.choice.nodes.length, own: target.choice.own },
      area: target === null ? (mask?.area ?? 0) : (tree.area[target.node] ?? 0),
      mask,
    };
  }
  async function maskOf(query: Query) {
    const take = takeOf(query);
    if (take === null) throw new Error("There is no region here.");
    return regionMask(regions, take);
  }
  return {
    keyOf: (query) => {
      const take = takeOf(query);
      return take === null ? null : JSON.stringify(take);
    },
    peek: (query) => {
      const take = takeOf(query);
      return take === null ? null : shownOf(query, knownRegionMask(regions, take) ?? null);
    },
    look: async (query) => shownOf(query, await maskOf(query)),
    take: async (query): Promise<Edit> => {
      const { counts } = await maskOf(query);
      const { pixel, box, removes } = query;
      const operation = removes ? "subtract" : "add";
      if (box !== null)
        return { kind: "region", operation, prompt: { type: "box", ...box, positive: !removes }, counts };
      const node = targetOf(query)?.node ?? 0;
      const prompt = pointPrompt(tree, pixel ?? { x: 0, y: 0 }, node, !removes);
      return { kind: "region", operation, prompt, counts };
    },
  };
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteCache } from "../../src/model/byteCache";

test("what was used last stays", () => {
  const cache = new ByteCache<number>(10);
  cache.set("a", 1, 4);
  cache.set("b", 2, 4);
  cache.get("a");
  cache.set("c", 3, 4);
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([1, undefined, 3]);
});

test("what is larger than the cache is not kept, nor its older self", () => {
  const cache = new ByteCache<number>(10);
  cache.set("a", 1, 4);
  cache.set("a", 2, 11);
  expect([cache.get("a"), cache.bytes]).toEqual([undefined, 0]);
});

test("the bytes never pass the limit and are those of what is kept", () => {
  const steps = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 0, max: 12 })));
  fc.assert(
    fc.property(steps, (sets) => {
      const cache = new ByteCache<number>(10);
      for (const [key, bytes] of sets) {
        cache.set(key, bytes, bytes);
        const kept = ["a", "b", "c", "d"].reduce((sum, other) => sum + (cache.get(other) ?? 0), 0);
        expect(cache.bytes).toBe(kept);
        expect(kept).toBeLessThanOrEqual(10);
      }
    }),
  );
});

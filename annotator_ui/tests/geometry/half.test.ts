import { expect, test } from "vitest";
import { fromHalf, toHalf } from "../../src/geometry/half";

test("known numbers of 16 bits are read", () => {
  // 0, -0, 1, -2, 65504 (the largest), 2^-24 (the smallest), 1/3, infinity; from the IEEE 754 tables.
  const bits = Uint16Array.of(0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555, 0x7c00);
  const expected = [0, -0, 1, -2, 65_504, 2 ** -24, 0.333251953125, Number.POSITIVE_INFINITY];
  expect([...fromHalf(bits)]).toEqual(expected);
});

test("every finite number comes back as it was", () => {
  const all = Uint16Array.from({ length: 65_536 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);
  expect(toHalf(fromHalf(all))).toEqual(all);
});

test("what lies between two is rounded to the nearer one, and to the even one in the middle", () => {
  const step = 2 ** -10;
  const given = Float32Array.of(1 + 0.4 * step, 1 + 0.6 * step, 1 + 0.5 * step, 1 + 1.5 * step, 1e6, -1e6);
  expect([...fromHalf(toHalf(given))]).toEqual([1, 1 + step, 1, 1 + 2 * step, 65_504, -65_504]);
});

/** Numbers of 16 bits (IEEE 754 binary16): half the bytes on the wire. Not every browser has Float16Array. */

let table: Float32Array | null = null;

/** The value of one number: sign, five bits of exponent, ten of fraction. */
function numberOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** All 65,536 of them: a look-up is many times faster than taking the bits apart. */
function values(): Float32Array {
  table ??= Float32Array.from({ length: 65_536 }, (_, bits) => numberOf(bits));
  return table;
}

export function fromHalf(halves: Uint16Array): Float32Array {
  const known = values();
  const floats = new Float32Array(halves.length);
  for (let at = 0; at < halves.length; at++) floats[at] = known[halves[at] ?? 0] ?? 0;
  return floats;
}

const LARGEST = 65_504;
const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** Rounded to the nearest number of 16 bits, ties to even; what is too large becomes the largest one. */
export function toHalf(floats: Float32Array): Uint16Array {
  const halves = new Uint16Array(floats.length);
  for (let at = 0; at < floats.length; at++) {
    float[0] = Math.min(LARGEST, Math.max(-LARGEST, floats[at] ?? 0));
    const bits = word[0] ?? 0;
    const sign = (bits >>> 16) & 0x8000;
    const magnitude = bits & 0x7fffffff;
    if (magnitude < 0x38800000) {
      // Under 2 to the -14 there is no exponent left: whole steps of 2 to the -24.
      halves[at] = sign | roundToEven(Math.abs(float[0] ?? 0) * 2 ** 24);
    } else {
      // Both formats carry a rounded-up fraction over into the exponent by themselves.
      const rounded = magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1);
      halves[at] = sign | (rounded >>> 13);
    }
  }
  return halves;
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** What is worth packing; pictures are packed already. */
const PACKED = /\.(?:js|mjs|css|html|svg|wasm)$/;
/** A file that is not smaller than this is sent in one packet anyway. */
const LEAST_BYTES = 1024;
/** The slowest level takes half a minute for the runtime's 40 MB and saves a tenth more. */
const BROTLI_QUALITY = 9;
const CACHE = fileURLToPath(new URL("./node_modules/.cache/roiqa-packed/", import.meta.url));

const PACKERS = {
  gz: (content: Buffer) => gzipSync(content, { level: 9 }),
  br: (content: Buffer) =>
    brotliCompressSync(content, {
      params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
    }),
} as const;

/** Packed content, from an earlier build where it is the same. */
function packed(content: Buffer, form: keyof typeof PACKERS): Buffer {
  const name = join(CACHE, `${createHash("sha256").update(content).digest("hex")}-${BROTLI_QUALITY}.${form}`);
  try {
    return readFileSync(name);
  } catch {
    const result = PACKERS[form](content);
    mkdirSync(dirname(name), { recursive: true });
    writeFileSync(`${name}.${process.pid}`, result);
    renameSync(`${name}.${process.pid}`, name);
    return result;
  }
}

/** Writes NAME.gz and NAME.br beside every built file, so that the server sends them as they are. */
export function precompress(): Plugin {
  let folder = "";
  return {
    name: "precompress",
    apply: "build",
    configResolved: ({ root, build }) => {
      folder = join(root, build.outDir);
    },
    closeBundle: () => {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !PACKED.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const content = readFileSync(path);
        if (content.length < LEAST_BYTES) continue;
        for (const form of Object.keys(PACKERS) as (keyof typeof PACKERS)[]) {
          writeFileSync(`${path}.${form}`, packed(content, form));
        }
      }
    },
  };
}

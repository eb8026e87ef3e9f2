import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

/** What each room of src/ may import, besides itself. A room not named here is a mistake. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  api: [],
  geometry: [],
  model: ["api", "geometry"],
  state: ["api", "geometry", "model"],
  tools: ["api", "geometry", "model", "state"],
  sam: ["api", "geometry", "model", "state"],
  canvas: ["styles", "api", "geometry", "model", "state"],
  screens: ["styles", "api", "geometry", "model", "state", "tools", "canvas", "sam"],
  "main.tsx": ["screens", "api", "styles"],
  styles: [],
};
const SOURCE = resolve(import.meta.dirname, "../src");

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

function roomOf(path: string): string {
  return relative(SOURCE, path).split("/")[0] ?? "";
}

/** Relative imports of a file, static, dynamic and of workers, as absolute paths. */
function importsOf(path: string): string[] {
  const found = readFileSync(path, "utf8").matchAll(/(?:from|import|import\(|new URL\()\s*["'](\.[^"']+)["']/g);
  return [...found].map((match) => resolve(dirname(path), match[1] ?? ""));
}

function brokenRules(files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const room = roomOf(file);
    const allowed = MAY_IMPORT[room];
    if (allowed === undefined) return [`${room} is not a room of src/`];
    return importsOf(file)
      .map(roomOf)
      .filter((other) => other !== room && !allowed.includes(other))
      .map((other) => `${relative(SOURCE, file)} imports ${other}`);
  });
}

test("imports point down: geometry < model < state < tools, canvas, sam < screens < main", () => {
  expect(brokenRules(filesBelow(SOURCE))).toEqual([]);
});

test("geometry uses no package and no browser", () => {
  const impure = filesBelow(join(SOURCE, "geometry")).filter((file) =>
    /from ["'][^.]|\bdocument\.|\bwindow\./.test(readFileSync(file, "utf8")),
  );
  expect(impure).toEqual([]);
});

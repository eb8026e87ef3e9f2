/** One request may carry this much; the server refuses more files than 500 in one form. */
export const BATCH_FILES = 450;
export const BATCH_BYTES = 512 * 1024 * 1024;

interface Named {
  name: string;
  size: number;
}

/** Files that operating systems leave in folders and nobody means to import. */
export function isClutter(name: string): boolean {
  return name.startsWith(".") || name === "Thumbs.db" || name === "desktop.ini";
}

/**
 * The files in batches for one request each. Annotation files (.json) come in the last batch of all: the images they
 * speak of must be known by then.
 */
export function batchesOf<File extends Named>(files: readonly File[]): File[][] {
  const isJson = (file: File) => file.name.toLowerCase().endsWith(".json");
  const ordered = [...files.filter((file) => !isJson(file)), ...files.filter(isJson)];
  const batches: File[][] = [];
  let bytes = 0;
  for (const file of ordered) {
    const batch = batches.at(-1);
    if (batch === undefined || batch.length >= BATCH_FILES || bytes + file.size > BATCH_BYTES) {
      batches.push([file]);
      bytes = file.size;
    } else {
      batch.push(file);
      bytes += file.size;
    }
  }
  return batches;
}

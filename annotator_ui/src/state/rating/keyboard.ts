/** What a key asks for. `hide` holds as long as the key is down. */
export type Command =
  | { type: "digit"; value: number }
  | { type: "row"; by: 1 | -1 }
  | { type: "step"; by: 1 | -1 }
  | { type: "pan"; dx: -1 | 0 | 1; dy: -1 | 0 | 1 }
  | { type: "zoom"; by: 1 | -1 }
  | { type: "clean" }
  | { type: "confirm" }
  | { type: "submit" | "skip" | "undo" | "guide" | "hide" | "pause" | "close" };

export interface Key {
  readonly key: string;
  readonly code: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  readonly repeat: boolean;
}

const LETTERS: Readonly<Record<string, Command["type"]>> = {
  n: "clean",
  c: "confirm",
  x: "skip",
  k: "skip",
  u: "undo",
  g: "guide",
  h: "hide",
  p: "pause",
};

const ARROWS: Readonly<Record<string, readonly [dx: -1 | 0 | 1, dy: -1 | 0 | 1]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function digitOf({ key, code, shiftKey }: Key): number | null {
  if (/^[0-9]$/.test(key)) return Number(key);
  // On keyboards whose digits need Shift (French), the key in the digit's place is taken for the digit.
  const place = /^Digit([0-9])$/.exec(code)?.[1];
  return place !== undefined && !shiftKey ? Number(place) : null;
}

/** Keys that must answer once however long they are held: holding one never answers several rows. */
const REPEATING = new Set<Command["type"]>(["pan", "zoom", "step", "row", "hide"]);

/** What the key means on the rating page; null when it means nothing there. */
export function commandOf(key: Key): Command | null {
  const command = read(key);
  return command !== null && key.repeat && !REPEATING.has(command.type) ? null : command;
}

function read(key: Key): Command | null {
  if (key.ctrlKey || key.altKey || key.metaKey) return null;
  const arrow = ARROWS[key.key];
  if (arrow !== undefined) {
    const [dx, dy] = arrow;
    if (key.shiftKey) return { type: "pan", dx, dy };
    return dy === 0 ? { type: "step", by: dx as 1 | -1 } : { type: "row", by: dy as 1 | -1 };
  }
  switch (key.key) {
    case "+":
    case "=":
      return { type: "zoom", by: 1 };
    case "-":
    case "_":
      return { type: "zoom", by: -1 };
    case "?":
      return { type: "guide" };
    case "Enter":
      return { type: "submit" };
    case "Escape":
      return { type: "close" };
    case " ":
      return { type: "hide" };
  }
  const letter = LETTERS[key.key.toLowerCase()];
  if (letter !== undefined) return { type: letter } as Command;
  const digit = digitOf(key);
  return digit === null ? null : { type: "digit", value: digit };
}

/** Whether letting this key go ends the hiding of the outline. */
export function endsHiding(key: Pick<Key, "key">): boolean {
  return key.key === " " || key.key.toLowerCase() === "h";
}

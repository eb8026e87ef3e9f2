/** The part of Markdown that model cards use, as a tree; everything else stays the text that it is. */

export type Inline =
  | { kind: "text" | "code" | "strong" | "em"; text: string }
  | { kind: "link"; text: string; to: string };

export type Block =
  | { kind: "heading"; level: number; text: Inline[] }
  | { kind: "paragraph"; text: Inline[] }
  | { kind: "list"; ordered: boolean; items: Inline[][] }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "code"; text: string };

const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const RULE_OF_TABLE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

export function parseMarkdown(text: string): Block[] {
  const lines = text.split(/\r?\n/);
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (line.trim() === "") {
      at += 1;
    } else if (line.startsWith("```")) {
      const end = lines.findIndex((other, index) => index > at && other.startsWith("```"));
      const stop = end < 0 ? lines.length : end;
      blocks.push({ kind: "code", text: lines.slice(at + 1, stop).join("\n") });
      at = stop + 1;
    } else if (/^#{1,6}\s/.test(line)) {
      const marks = /^#+/.exec(line)?.[0] ?? "#";
      blocks.push({ kind: "heading", level: marks.length, text: inlines(line.slice(marks.length).trim()) });
      at += 1;
    } else if (line.trimStart().startsWith("|") && RULE_OF_TABLE.test(lines[at + 1] ?? "")) {
      const end = runEnd(lines, at, (other) => other.trimStart().startsWith("|"));
      const [head = [], , ...rows] = lines.slice(at, end).map(cells);
      blocks.push({ kind: "table", head, rows });
      at = end;
    } else if (ITEM.test(line)) {
      const end = runEnd(lines, at, (other) => ITEM.test(other) || /^\s+\S/.test(other));
      blocks.push(listOf(lines.slice(at, end)));
      at = end;
    } else {
      const end = Math.max(
        at + 1,
        runEnd(lines, at, (other) => !startsBlock(other)),
      );
      blocks.push({ kind: "paragraph", text: inlines(lines.slice(at, end).join(" ").trim()) });
      at = end;
    }
  }
  return blocks;
}

function runEnd(lines: readonly string[], from: number, belongs: (line: string) => boolean): number {
  let end = from;
  while (end < lines.length && (lines[end] ?? "").trim() !== "" && belongs(lines[end] ?? "")) end += 1;
  return end;
}

function startsBlock(line: string): boolean {
  return line.startsWith("```") || /^#{1,6}\s/.test(line) || line.trimStart().startsWith("|") || ITEM.test(line);
}

function listOf(lines: readonly string[]): Block {
  const items: string[] = [];
  for (const line of lines) {
    const found = ITEM.exec(line);
    if (found) items.push(found[2] ?? "");
    else items[items.length - 1] = `${items.at(-1) ?? ""} ${line.trim()}`;
  }
  return { kind: "list", ordered: /^\s*\d/.test(lines[0] ?? ""), items: items.map(inlines) };
}

function cells(line: string): Inline[][] {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => inlines(cell.trim()));
}

/** Code, strong, emphasis and links of one line. Links lead to the web only: a card is somebody's text, not code. */
export function inlines(text: string): Inline[] {
  const found: Inline[] = [];
  const marks = /`([^`]+)`|\*\*([^*]+)\*\*|(?<![*\w])\*([^*\s][^*]*)\*|\[([^\]]+)\]\(((?:[^()\s]|\([^()\s]*\))+)\)/g;
  let at = 0;
  for (const match of text.matchAll(marks)) {
    const [whole, code, strong, em, label, to] = match;
    if (match.index > at) found.push({ kind: "text", text: text.slice(at, match.index) });
    if (code !== undefined) found.push({ kind: "code", text: code });
    else if (strong !== undefined) found.push({ kind: "strong", text: strong });
    else if (em !== undefined) found.push({ kind: "em", text: em });
    else if (label !== undefined && to !== undefined && /^https?:\/\//.test(to)) {
      found.push({ kind: "link", text: label, to });
    } else found.push({ kind: "text", text: label ?? whole });
    at = match.index + whole.length;
  }
  if (at < text.length) found.push({ kind: "text", text: text.slice(at) });
  return found;
}

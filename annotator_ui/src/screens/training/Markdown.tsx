import type { ReactNode } from "react";
import { ScrollBox } from "../shared/ScrollBox";
import { type Block, type Inline, inlines, parseMarkdown } from "./markdown";

/** Markdown drawn as elements, never as HTML. Its headings begin at the third level: the page has those above. */
export function Markdown({ text }: { text: string }) {
  return (
    <div className="markdown">
      {parseMarkdown(text).map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the blocks of a text have no other name, and never move.
        <OneBlock key={index} block={block} />
      ))}
    </div>
  );
}

function OneBlock({ block }: { block: Block }) {
  switch (block.kind) {
    case "heading": {
      const Heading = block.level <= 1 ? "h3" : block.level === 2 ? "h4" : "h5";
      return <Heading>{drawn(block.text)}</Heading>;
    }
    case "paragraph":
      return <p>{drawn(block.text)}</p>;
    case "code":
      return <pre className="command">{block.text}</pre>;
    case "list": {
      const List = block.ordered ? "ol" : "ul";
      return (
        <List>
          {block.items.map((item) => (
            <li key={JSON.stringify(item)}>{drawn(item)}</li>
          ))}
        </List>
      );
    }
    case "table":
      return (
        <ScrollBox label="Table">
          <table className="table">
            <thead>
              <tr>
                {block.head.map((cell) => (
                  <th key={JSON.stringify(cell)} scope="col">
                    {drawn(cell)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row) => (
                <tr key={JSON.stringify(row)}>
                  {row.map((cell, column) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: two cells of a row may say the same.
                    <td key={column}>{drawn(cell)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollBox>
      );
  }
}

/** One line of Markdown: `code` and the like. */
export function InlineMarkdown({ text }: { text: string }) {
  return <>{drawn(inlines(text))}</>;
}

function drawn(parts: readonly Inline[]): ReactNode {
  return parts.map((part, index) => {
    const key = `${index}${part.kind}`;
    if (part.kind === "code") return <code key={key}>{part.text}</code>;
    if (part.kind === "strong") return <strong key={key}>{part.text}</strong>;
    if (part.kind === "em") return <em key={key}>{part.text}</em>;
    if (part.kind === "link") {
      return (
        <a key={key} href={part.to} rel="noreferrer noopener" target="_blank">
          {part.text}
        </a>
      );
    }
    return part.text;
  });
}

/** Plain text of an admin with its line breaks and nothing else: it is never read as HTML. */
export function Prose({ text }: { text: string }) {
  return <p className="prose">{text}</p>;
}

import type { ReactNode } from "react";

/** What stands where a list would be: what is missing, why, and the next step as `children`. */
export function EmptyState({ title, text, children }: { title: string; text?: ReactNode; children?: ReactNode }) {
  return (
    <section className="empty-state">
      <h2>{title}</h2>
      {text === undefined ? null : <p className="muted">{text}</p>}
      {children}
    </section>
  );
}

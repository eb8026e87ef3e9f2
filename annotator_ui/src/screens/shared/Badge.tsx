import type { ReactNode } from "react";

export function Badge({
  tone = "neutral",
  title,
  children,
}: {
  tone?: "neutral" | "accent" | "ok" | "warn" | "danger";
  title?: string;
  children: ReactNode;
}) {
  return (
    <span className={`badge badge-${tone}`} title={title}>
      {children}
    </span>
  );
}

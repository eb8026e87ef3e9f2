import "./home.css";
import type { ReactNode } from "react";

/** The page of somebody who is not inside yet: the name of the place, and one card. */
export function DoorCard({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="door">
      <p className="door-brand">
        <strong>ROIQA</strong>
        <span className="muted">Quality of regions, rated by people</span>
      </p>
      <div className="card door-card">
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}

import "./training.css";
import type { ReactNode } from "react";
import { Link, useLocation } from "react-router";
import type { Study } from "../../api/types";
import { StudyPage } from "../admin/StudyPage";
import { isStaff } from "../admin/useStudy";
import { EmptyState } from "../shared/EmptyState";

/** Frame of the pages about runs: the study's head and tabs, and below them the pages of training. */
export function TrainingPage({ children }: { children: (study: Study) => ReactNode }) {
  return (
    <StudyPage>
      {(study) =>
        isStaff(study) ? (
          <div className="stack">
            <TrainingTabs slug={study.slug} />
            {children(study)}
          </div>
        ) : (
          <NotYours />
        )
      }
    </StudyPage>
  );
}

/** Annotators must not see a model's view before they rated: the server refuses them, and the page says why. */
export function NotYours() {
  return (
    <EmptyState
      title="For admins and ML engineers"
      text="Training runs and models are shown to the people who run the study. An admin can give you the role."
    />
  );
}

function TrainingTabs({ slug }: { slug: string }) {
  const { pathname } = useLocation();
  const base = `/studies/${slug}/training`;
  const tabs = [
    { to: base, name: "Runs" },
    { to: `${base}/new`, name: "New run" },
    { to: `${base}/rule`, name: "Retraining rule" },
    { to: `${base}/webhooks`, name: "Webhooks" },
  ];
  return (
    <nav className="sub-tabs" aria-label="Training">
      {tabs.map(({ to, name }) => (
        <Link key={to} to={to} aria-current={pathname.replace(/\/$/, "") === to ? "page" : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  );
}

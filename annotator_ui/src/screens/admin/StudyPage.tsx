import type { ReactNode } from "react";
import { Link, useLocation, useParams, useSearchParams } from "react-router";
import type { Study } from "../../api/types";
import "./admin.css";
import { Badge } from "../shared/Badge";
import { ButtonLink } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { useTitle } from "../shared/useTitle";
import { hasRole, isStaff, useStudy } from "./useStudy";
import { STATES } from "./words";

/** Frame of every page about one study: loads it, shows its head and tabs, and what the page itself adds. */
export function StudyPage({ children }: { children: (study: Study) => ReactNode }) {
  const { slug = "" } = useParams();
  const study = useStudy(slug);
  useTitle(study.data?.title ?? "Study");
  if (study.data === undefined) {
    return (
      <div className="page">
        {study.isError ? (
          <ErrorNote error={study.error} onRetry={() => void study.refetch()} />
        ) : (
          <Progress label="Opening the study" />
        )}
      </div>
    );
  }
  return (
    <div className="page">
      <StudyHead study={study.data} />
      {children(study.data)}
    </div>
  );
}

function StudyHead({ study }: { study: Study }) {
  const state = STATES[study.state];
  return (
    <header className="study-head">
      <div className="row row-between">
        <div className="row">
          <h1>{study.title}</h1>
          <Badge tone={state.tone} title={state.means}>
            {state.word}
          </Badge>
          {study.simulated ? (
            <Badge tone="warn" title="The ratings of this study were made by a program, not by people.">
              simulated ratings
            </Badge>
          ) : null}
        </div>
        {isStaff(study) && hasRole(study, "annotator") ? (
          <ButtonLink to={`/studies/${study.slug}/rate`}>Rate ROIs yourself</ButtonLink>
        ) : null}
      </div>
      {isStaff(study) ? (
        <>
          <p className="muted">{protocolSummary(study)}</p>
          <StudyTabs study={study} />
        </>
      ) : null}
    </header>
  );
}

/** The protocol in one line: "7 raters per ROI · labels by anchor-v1 · ...". */
export function protocolSummary(study: Study): string {
  return [
    `${study.raters_per_roi} ${study.raters_per_roi === 1 ? "rater" : "different raters"} per ROI`,
    `labels by ${study.ruleset}`,
    study.ask_extra_on_tie ? "one more rater on a tie" : "ties are only flagged",
    `an ROI is held for ${study.lease_minutes} min`,
  ].join(" · ");
}

function StudyTabs({ study }: { study: Study }) {
  const { pathname } = useLocation();
  const [params] = useSearchParams();
  const base = `/studies/${study.slug}`;
  const here = pathname.replace(/\/$/, "") === base ? `${base}?tab=${params.get("tab") ?? "overview"}` : pathname;
  const admin = hasRole(study, "admin");
  // Grouped in the order of the work: what is rated, by whom, what came of it, and what is made of that.
  const groups = [
    [{ to: `${base}?tab=overview`, name: "Overview", shown: true }],
    [
      { to: `${base}/images`, name: "Images", shown: true },
      { to: `${base}/proposals`, name: "Proposals", shown: true },
      { to: `${base}?tab=rois`, name: "ROIs", shown: true },
    ],
    [
      { to: `${base}?tab=members`, name: "Members", shown: admin },
      { to: `${base}?tab=qualification`, name: "Qualification", shown: admin },
      { to: `${base}?tab=golds`, name: "Golds", shown: true },
      { to: `${base}?tab=annotators`, name: "Annotators", shown: true },
    ],
    [
      { to: `${base}?tab=agreement`, name: "Agreement", shown: true },
      { to: `${base}?tab=suggestions`, name: "Suggestions", shown: true },
    ],
    [
      { to: `${base}/releases`, name: "Releases", shown: true },
      { to: `${base}/training`, name: "Training", shown: true },
      { to: `${base}/models`, name: "Models", shown: true },
    ],
    [{ to: `${base}?tab=settings`, name: "Settings", shown: admin }],
  ];
  return (
    <nav className="tab-bar" aria-label="Study">
      {groups
        .map((tabs) => tabs.filter(({ shown }) => shown))
        .filter((tabs) => tabs.length > 0)
        .map((tabs) => (
          <span key={tabs[0]?.to} className="tab-group">
            {tabs.map(({ to, name }) => (
              <Link key={to} to={to} aria-current={isHere(to, here) ? "page" : undefined}>
                {name}
              </Link>
            ))}
          </span>
        ))}
    </nav>
  );
}

/** A run belongs to Training and a model to Models; tabs of the overview are told apart by their query. */
function isHere(tab: string, here: string): boolean {
  return tab === here || (/\/(training|models)$/.test(tab) && here.startsWith(`${tab}/`));
}

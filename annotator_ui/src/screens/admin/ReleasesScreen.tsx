import "./releases.css";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { api } from "../../api/client";
import type { Release, Study } from "../../api/types";
import { Button } from "../shared/Button";
import { EmptyState } from "../shared/EmptyState";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { CompareView } from "./CompareView";
import { FreezeDialog } from "./FreezeDialog";
import { ReleaseCard } from "./ReleaseCard";
import { StudyPage } from "./StudyPage";
import { studyKey } from "./useStudy";

/** Releases of a study: freeze one, export it, compare two. */
export function ReleasesScreen() {
  return <StudyPage>{(study) => <ReleasesBody study={study} />}</StudyPage>;
}

function ReleasesBody({ study }: { study: Study }) {
  const [freezing, setFreezing] = useState(false);
  const [params, setParams] = useSearchParams();
  const releases = useQuery({
    queryKey: studyKey(study.slug, "releases"),
    queryFn: () => api.all<Release>(`studies/${study.slug}/releases/`),
  });
  if (releases.data === undefined) {
    return releases.isError ? (
      <ErrorNote error={releases.error} onRetry={() => void releases.refetch()} />
    ) : (
      <Progress label="Reading the releases" />
    );
  }
  const newestFirst = [...releases.data].sort((one, other) => other.number - one.number);
  const ready = newestFirst.filter(({ state }) => state === "ready");
  const [after, before] = ready;
  const comparing = params.has("before") && params.has("after");
  return (
    <div className="stack">
      {newestFirst.length === 0 ? (
        <EmptyState
          title="No releases yet"
          text="A release is a frozen copy of the study's labels that never changes. Exports are made of releases, so that a result can always be traced to the exact labels behind it."
        >
          <Button variant="primary" onClick={() => setFreezing(true)}>
            Freeze the first release
          </Button>
        </EmptyState>
      ) : (
        <>
          <div className="row row-between">
            <p className="muted">
              A release is a frozen copy of the study's labels. It never changes, and exporting it twice gives the same
              bytes. Rating can go on meanwhile.
            </p>
            <div className="row">
              {before && after && !comparing ? (
                <Button onClick={() => setParams({ before: String(before.number), after: String(after.number) })}>
                  Compare two releases
                </Button>
              ) : null}
              <Button variant="primary" onClick={() => setFreezing(true)}>
                Freeze a release
              </Button>
            </div>
          </div>
          {comparing && ready.length > 0 ? <CompareView study={study} releases={ready} /> : null}
          <ol className="plain-list releases">
            {newestFirst.map((release) => (
              <li key={release.id}>
                <ReleaseCard
                  study={study}
                  release={release}
                  newest={release === newestFirst[0]}
                  twin={twinOf(release, ready)}
                />
              </li>
            ))}
          </ol>
        </>
      )}
      {freezing ? <FreezeDialog study={study} onClose={() => setFreezing(false)} /> : null}
    </div>
  );
}

/** The number of the latest older release with the same hash. */
function twinOf(release: Release, ready: readonly Release[]): number | undefined {
  return ready.find(({ number, hash }) => number < release.number && hash === release.hash)?.number;
}

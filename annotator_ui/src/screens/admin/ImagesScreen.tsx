import "./images.css";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import type { Study } from "../../api/types";
import { Gallery } from "./Gallery";
import { ImportJobs } from "./ImportJobs";
import { ImportPanel } from "./ImportPanel";
import { StudyPage } from "./StudyPage";
import { hasRole, studyKey, useRefreshStudy } from "./useStudy";

/** The images of a study: bring them in, look at them, go to their ROIs. */
export function ImagesScreen() {
  return <StudyPage>{(study) => <ImagesBody study={study} />}</StudyPage>;
}

function ImagesBody({ study }: { study: Study }) {
  const queries = useQueryClient();
  const refresh = useRefreshStudy(study.slug);
  const showJob = useCallback(
    () => void queries.invalidateQueries({ queryKey: studyKey(study.slug, "jobs", "import") }),
    [queries, study.slug],
  );
  return (
    <div className="stack">
      {hasRole(study, "admin") ? (
        <>
          <ImportPanel study={study} onJob={showJob} />
          <ImportJobs study={study} onFinished={refresh} />
        </>
      ) : null}
      <Gallery study={study} />
    </div>
  );
}

import { useSearchParams } from "react-router";
import type { Study } from "../../api/types";
import { AnnotatorHome } from "./AnnotatorHome";
import { EngineerOverview } from "./EngineerOverview";
import { MembersTab } from "./MembersTab";
import { OverviewTab } from "./OverviewTab";
import { ROIsTab } from "./ROIsTab";
import { SettingsTab } from "./SettingsTab";
import { StudyPage } from "./StudyPage";
import { hasRole, isStaff } from "./useStudy";

/** A study: the dashboard for its admins, the door to rating for its annotators. */
export function StudyScreen() {
  return <StudyPage>{(study) => <StudyBody study={study} />}</StudyPage>;
}

function StudyBody({ study }: { study: Study }) {
  const [params] = useSearchParams();
  if (!isStaff(study)) return <AnnotatorHome study={study} />;
  if (!hasRole(study, "admin")) return <EngineerOverview study={study} />;
  switch (params.get("tab")) {
    case "rois":
      return <ROIsTab study={study} />;
    case "members":
      return <MembersTab study={study} />;
    case "settings":
      return <SettingsTab study={study} />;
    default:
      return <OverviewTab study={study} />;
  }
}

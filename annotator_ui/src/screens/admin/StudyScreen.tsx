import { useSearchParams } from "react-router";
import type { Study } from "../../api/types";
import { QualificationTab } from "../qualification/QualificationTab";
import { AgreementTab } from "./AgreementTab";
import { AnnotatorHome } from "./AnnotatorHome";
import { AuditTab } from "./AuditTab";
import { GoldsTab } from "./golds/GoldsTab";
import { MembersTab } from "./MembersTab";
import { OverviewTab } from "./OverviewTab";
import { ROIsTab } from "./ROIsTab";
import { ScreeningTab } from "./ScreeningTab";
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
  const tab = params.get("tab");
  const admin = hasRole(study, "admin");
  if (tab === "rois") return <ROIsTab study={study} />;
  if (tab === "agreement") return <AgreementTab study={study} />;
  if (tab === "annotators") return <ScreeningTab study={study} />;
  if (tab === "golds") return <GoldsTab study={study} />;
  if (tab === "suggestions") return <AuditTab study={study} />;
  if (tab === "qualification" && admin) return <QualificationTab study={study} />;
  if (tab === "members" && admin) return <MembersTab study={study} />;
  if (tab === "settings" && admin) return <SettingsTab study={study} />;
  return <OverviewTab study={study} />;
}

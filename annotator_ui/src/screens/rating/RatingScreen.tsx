import "./rating.css";
import "./levels.css";
import "./guide.css";
import "./screens.css";
import { useQuery } from "@tanstack/react-query";
import { Navigate, useParams } from "react-router";
import { api } from "../../api/client";
import type { Study } from "../../api/types";
import { holdViewingCheck } from "../../state/rating/viewing";
import { useStanding } from "../qualify/useStanding";
import { useMe } from "../shared/useMe";
import { useTitle } from "../shared/useTitle";
import { CrowdDone } from "./CrowdDone";
import { RatingDesk } from "./RatingDesk";
import { RatingSkeleton } from "./RatingSkeleton";
import { useSession } from "./useSession";

const DEFAULT_LEASE_MINUTES = 15;

function OpenDesk({ slug, user }: { slug: string; user: string }) {
  const study = useQuery({ queryKey: ["study", slug], queryFn: () => api.get<Study>(`studies/${slug}/`) });
  const open = useSession(slug, user, {
    leaseMinutes: study.data?.lease_minutes ?? DEFAULT_LEASE_MINUTES,
    reveals: study.data?.suggestion_mode === "reveal_after",
  });
  useTitle(study.data ? `Rate: ${study.data.title}` : "Rate");
  if (open === null) return <RatingSkeleton />;
  return (
    <>
      <RatingDesk {...open} study={study.data ?? null} />
      <CrowdDone slug={slug} session={open.session} />
    </>
  );
}

/**
 * Sends to the steps before rating who has not done them, also when screen or zoom change in the middle of the work: what
 * is answered so far is kept, and the same ROI opens afterwards.
 */
function QualifiedDesk({ slug, user }: { slug: string; user: string }) {
  const { own, isPending } = useStanding(slug);
  if (isPending) return <RatingSkeleton />;
  // Whoever may not ask is told why by the desk itself.
  if (own !== null && own.next !== null) return <Navigate to={`/studies/${slug}/qualify`} replace />;
  holdViewingCheck(slug, own?.check?.id);
  return <OpenDesk slug={slug} user={user} />;
}

/** Where annotators rate, one ROI after the other. */
export function RatingScreen() {
  const { slug = "" } = useParams();
  const me = useMe();
  if (!me.data) return <RatingSkeleton />;
  return <QualifiedDesk key={`${me.data.id} ${slug}`} slug={slug} user={me.data.id} />;
}

import "./rating.css";
import "./levels.css";
import "./guide.css";
import "./screens.css";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "react-router";
import { api } from "../../api/client";
import type { Study } from "../../api/types";
import { useMe } from "../shared/useMe";
import { useTitle } from "../shared/useTitle";
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
  return <RatingDesk {...open} study={study.data ?? null} />;
}

/** Where annotators rate, one ROI after the other. */
export function RatingScreen() {
  const { slug = "" } = useParams();
  const me = useMe();
  if (!me.data) return <RatingSkeleton />;
  return <OpenDesk key={`${me.data.id} ${slug}`} slug={slug} user={me.data.id} />;
}

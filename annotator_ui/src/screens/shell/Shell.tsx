import { useQueryClient } from "@tanstack/react-query";
import { Link, Navigate, NavLink, Outlet, useLocation, useMatches, useNavigate, useParams } from "react-router";
import { api } from "../../api/client";
import type { Me, Role } from "../../api/types";
import { Button } from "../shared/Button";
import { ErrorNote, errorText } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { useToast } from "../shared/Toast";
import { ME_KEY, useMe } from "../shared/useMe";
import { LogInAgain } from "./LogInAgain";

/** What a route says about its page, in its `handle`. */
export interface PageHandle {
  /** The page fills the window and shows images: dark hueless theme, no page scrolling. */
  stage?: boolean;
}

function rolesIn(me: Me, slug: string): Set<Role> {
  return new Set(me.memberships.filter((membership) => membership.study === slug).map(({ role }) => role));
}

/** Ways within a study. The pages of those who run it have tabs of their own; the full-window pages have not. */
function StudyLinks({ me, slug, stage }: { me: Me; slug: string; stage: boolean }) {
  const roles = rolesIn(me, slug);
  const base = `/studies/${slug}`;
  const mayLead = roles.has("admin") || roles.has("ml_engineer");
  return (
    <>
      {stage || !mayLead ? (
        <NavLink to={base} end>
          Overview
        </NavLink>
      ) : null}
      {roles.has("annotator") ? <NavLink to={`${base}/rate`}>Rate</NavLink> : null}
      {stage && mayLead ? (
        <>
          <NavLink to={`${base}/images`} end>
            Images
          </NavLink>
          <NavLink to={`${base}/proposals`}>Proposals</NavLink>
        </>
      ) : null}
    </>
  );
}

/** Header, navigation and the page. Sends who is not signed in to the log-in page and back afterwards. */
export function Shell() {
  const me = useMe();
  const { slug } = useParams();
  const { pathname, search } = useLocation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const toast = useToast();
  const stage = useMatches().some(({ handle }) => (handle as PageHandle | undefined)?.stage === true);

  async function logOut() {
    try {
      await api.post("auth/logout/");
    } catch (error) {
      toast({ text: errorText(error), tone: "error" });
      return;
    }
    await navigate("/login");
    queries.clear();
    queries.setQueryData(ME_KEY, null);
  }

  if (me.data === null) return <Navigate to={`/login?next=${encodeURIComponent(pathname + search)}`} replace />;
  if (me.data === undefined) {
    return (
      <main className="page">
        {me.isError ? (
          <ErrorNote error={me.error} onRetry={() => void me.refetch()} />
        ) : (
          <Progress label="Opening ROIQA" />
        )}
      </main>
    );
  }
  return (
    <div className={stage ? "shell shell-full theme-dark" : "shell"}>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <header className="shell-header">
        <Link className="shell-brand" to="/">
          ROIQA
        </Link>
        <nav className="shell-nav" aria-label="Main">
          <NavLink to="/" end>
            Studies
          </NavLink>
          {slug === undefined ? null : <StudyLinks me={me.data} slug={slug} stage={stage} />}
        </nav>
        <NavLink to="/account">{me.data.display_name || me.data.username}</NavLink>
        <Button small onClick={() => void logOut()}>
          Log out
        </Button>
      </header>
      <main id="main" className="shell-main" tabIndex={-1}>
        <Outlet />
      </main>
      <LogInAgain me={me.data} />
    </div>
  );
}

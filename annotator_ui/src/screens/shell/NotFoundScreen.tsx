import { isRouteErrorResponse, useRouteError } from "react-router";
import { Button, ButtonLink } from "../shared/Button";
import { EmptyState } from "../shared/EmptyState";
import { errorText } from "../shared/ErrorNote";
import { useTitle } from "../shared/useTitle";

/** For addresses that lead nowhere. */
export function NotFoundScreen() {
  useTitle("Not found");
  return (
    <div className="page">
      <EmptyState title="There is no such page" text="The address may be mistyped, or the thing it named was removed.">
        <ButtonLink to="/">To the studies</ButtonLink>
      </EmptyState>
    </div>
  );
}

/** For an error that a page did not expect: says so, and keeps what was stored locally. */
export function CrashScreen() {
  const error = useRouteError();
  useTitle("Error");
  if (isRouteErrorResponse(error) && error.status === 404) return <NotFoundScreen />;
  return (
    <div className="page">
      <EmptyState title="This page has stopped" text={errorText(error)}>
        <p className="muted">Unsaved work is kept in this browser and comes back when the page is opened again.</p>
        <Button variant="primary" onClick={() => window.location.reload()}>
          Reload
        </Button>
      </EmptyState>
    </div>
  );
}

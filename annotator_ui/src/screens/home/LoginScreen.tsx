import { Navigate, useLocation } from "react-router";
import { useMe } from "../shared/useMe";
import { useTitle } from "../shared/useTitle";
import { DoorCard } from "./DoorCard";
import { LogInForm } from "./LogInForm";
import { nextPath } from "./nextPath";

/** The way in. Who is signed in already, or has just signed in, goes on to where they wanted to be. */
export function LoginScreen() {
  useTitle("Log in");
  const { search } = useLocation();
  const me = useMe();
  if (me.data) return <Navigate to={nextPath(search)} replace />;
  return (
    <DoorCard title="Log in">
      <LogInForm onDone={() => undefined} />
      <p className="muted small door-foot">
        Sign-up is closed: accounts are made by invite. Ask an admin of your study for a link. Whoever runs this
        installation can set a new password.
      </p>
    </DoorCard>
  );
}

import type { ComponentProps } from "react";
import { Link, type LinkProps } from "react-router";

type Variant = "primary" | "secondary" | "danger" | "quiet";

function classes(variant: Variant, small: boolean, extra: string | undefined): string {
  return ["button", `button-${variant}`, small ? "button-small" : "", extra ?? ""].filter(Boolean).join(" ");
}

interface Look {
  variant?: Variant;
  small?: boolean;
}

/** A button of type "button" unless told otherwise; `busy` disables it and says so to a screen reader. */
export function Button({
  variant = "secondary",
  small = false,
  busy = false,
  className,
  disabled,
  type = "button",
  ...rest
}: ComponentProps<"button"> & Look & { busy?: boolean }) {
  return (
    <button
      {...rest}
      type={type}
      disabled={disabled === true || busy}
      aria-busy={busy || undefined}
      className={classes(variant, small, className)}
    />
  );
}

/** A link inside the app that looks like a button. */
export function ButtonLink({ variant = "secondary", small = false, className, ...rest }: LinkProps & Look) {
  return <Link {...rest} className={classes(variant, small, className)} />;
}

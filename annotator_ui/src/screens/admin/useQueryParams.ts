import { useEffect, useState } from "react";

/** The values that are not empty as a query, once nobody has typed for a moment: not every digit asks the server. */
export function useQueryParams(values: Readonly<Record<string, string>>, waitMs = 300): string {
  const query = queryOf(values);
  const [settled, setSettled] = useState(query);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(query), waitMs);
    return () => clearTimeout(timer);
  }, [query, waitMs]);
  return settled;
}

export function queryOf(values: Readonly<Record<string, string>>): string {
  return new URLSearchParams(Object.entries(values).filter(([, value]) => value !== "")).toString();
}

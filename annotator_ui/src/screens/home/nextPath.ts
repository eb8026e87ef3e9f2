/** Where to go after the log-in: a path of this app and nothing else, whatever stands in the address. */
export function nextPath(search: string): string {
  const wished = new URLSearchParams(search).get("next") ?? "/";
  // "//host" and "/\host" are other sites to a browser.
  if (!/^\/(?![/\\])/.test(wished)) return "/";
  const url = new URL(wished, "http://page");
  return url.host === "page" ? url.pathname + url.search + url.hash : "/";
}

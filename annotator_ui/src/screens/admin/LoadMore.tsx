import { useEffect, useRef } from "react";
import { Button } from "../shared/Button";

/** The end of a growing list: loads the next page when it comes into view, or when it is pressed. */
export function LoadMore({ busy, onMore }: { busy: boolean; onMore: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  const more = useRef(onMore);
  more.current = onMore;
  useEffect(() => {
    if (place.current === null || busy || typeof IntersectionObserver === "undefined") return;
    const watch = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) more.current();
    });
    watch.observe(place.current);
    return () => watch.disconnect();
  }, [busy]);
  return (
    <div ref={place} className="load-more">
      <Button busy={busy} onClick={onMore}>
        Show more
      </Button>
    </div>
  );
}

import { useParams } from "react-router";
import { ApiError } from "../../api/errors";
import { ButtonLink } from "../shared/Button";
import { EmptyState } from "../shared/EmptyState";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { useMe } from "../shared/useMe";
import { useTitle } from "../shared/useTitle";
import { RegionsEditor } from "./RegionsEditor";
import { useROIs, useStudyAndImage } from "./useRegions";

/** The error, with a button where asking again can help: what is missing or forbidden stays so. */
function RetryNote({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const final = error instanceof ApiError && !error.isTransient && !error.isSignedOut;
  return final ? <ErrorNote error={error} /> : <ErrorNote error={error} onRetry={onRetry} />;
}

/** The page where the ROIs of one image are drawn. */
export function RegionsScreen() {
  const { slug = "", imageId = "" } = useParams();
  const { study, image } = useStudyAndImage(slug, imageId);
  const rois = useROIs(slug, imageId);
  const me = useMe();
  useTitle(image.data ? `ROIs of ${image.data.file_name}` : "ROIs");

  const failed = [study, image, rois].find((query) => query.isError && query.data === undefined);
  if (failed) {
    return (
      <div className="page stack">
        <RetryNote error={failed.error} onRetry={() => void failed.refetch()} />
        <div>
          <ButtonLink to={`/studies/${slug}/images`}>To the images of the study</ButtonLink>
        </div>
      </div>
    );
  }
  if (!study.data || !image.data || !rois.data || !me.data) {
    return (
      <div className="page">
        <Progress label="Opening the image" />
      </div>
    );
  }
  const mayDraw = study.data.my_roles.some((role) => role !== "annotator") || study.data.annotators_draw === true;
  if (!mayDraw) {
    return (
      <div className="page">
        <EmptyState
          title="ROIs are drawn by the study's admins"
          text="In this study annotators rate ROIs and do not draw them."
        >
          <ButtonLink variant="primary" to={`/studies/${slug}/rate`}>
            Rate
          </ButtonLink>
        </EmptyState>
      </div>
    );
  }
  return (
    <RegionsEditor
      key={`${slug} ${imageId}`}
      study={study.data}
      image={image.data}
      rois={rois.data}
      user={me.data.id}
    />
  );
}

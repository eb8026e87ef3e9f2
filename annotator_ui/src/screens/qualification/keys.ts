import { studyKey } from "../admin/useStudy";

/** Where the pages of qualification and crowd links keep what they have read. */
export const rulesKey = (slug: string) => studyKey(slug, "qualification-rules");
export const itemsKey = (slug: string) => studyKey(slug, "training-items");
export const crowdKey = (slug: string) => studyKey(slug, "crowd-links");

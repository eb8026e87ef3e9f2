import { beforeEach, describe, expect, test } from "vitest";
import { imagePoint } from "../../../src/geometry/points";
import { NO_EDITS, pushEdit } from "../../../src/model/edits";
import { type DraftStorage, keepDraft, keptDraft } from "../../../src/state/regions/drafts";
import type { Working } from "../../../src/state/regions/editor";

const PLACE = { user: "u1", study: "demo", image: "i1" };
const WORK: Working = {
  roiId: null,
  base: null,
  level: "object",
  name: "dog",
  history: pushEdit(NO_EDITS, { kind: "stroke", operation: "add", points: [imagePoint(3, 4)], radius: 8 }),
};
let stored: Map<string, string>;
let storage: DraftStorage;

beforeEach(() => {
  stored = new Map();
  storage = {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => void stored.set(key, value),
    removeItem: (key) => void stored.delete(key),
  };
});

describe("unsaved work", () => {
  test("comes back as it was", () => {
    keepDraft(storage, PLACE, WORK);
    expect(keptDraft(storage, PLACE)).toEqual(WORK);
  });

  test("is not shown to another person, in another study or on another image", () => {
    keepDraft(storage, PLACE, WORK);
    for (const other of [{ user: "u2" }, { study: "other" }, { image: "i2" }]) {
      expect(keptDraft(storage, { ...PLACE, ...other })).toBeNull();
    }
  });

  test("is gone once there is none", () => {
    keepDraft(storage, PLACE, WORK);
    keepDraft(storage, PLACE, null);
    expect(stored.size).toBe(0);
  });

  test("that is damaged or of another version is not used", () => {
    for (const text of ["{", "null", '{"version":99,"working":{}}', '{"version":1,"working":{"history":{}}}']) {
      storage.getItem = () => text;
      expect(keptDraft(storage, PLACE)).toBeNull();
    }
  });

  test("says so when the browser has no room", () => {
    storage.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    expect(keepDraft(storage, PLACE, WORK)).toBe(false);
  });
});

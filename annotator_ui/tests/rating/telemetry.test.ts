import { expect, test } from "vitest";
import { EMPTY_FORM, formReducer } from "../../src/state/rating/form";
import { MAX_VIEWS, Recorder } from "../../src/state/rating/telemetry";
import { completeForm, ManualClock } from "./fakes";

const VIEW = { zoom: 1, pan_x: 0, pan_y: 0, width: 1200, height: 800, dpr: 1 };

test("a field keeps its first answer, its last one and the number of changes", () => {
  const clock = new ManualClock();
  const recorder = new Recorder(clock, null, null);
  clock.advance(1200);
  const first = formReducer(EMPTY_FORM, { type: "choose", field: "blur", value: 2 });
  recorder.answered(EMPTY_FORM, first, "mouse");
  clock.advance(300);
  const second = formReducer(first, { type: "choose", field: "blur", value: 4 });
  recorder.answered(first, second, "keyboard");
  const log = recorder.finished(second);
  expect(log.fields.blur).toEqual({ first_value: 2, first_ms: 1200, last_ms: 1500, final_value: 4, changes: 1 });
  expect(log.inputs).toEqual({ keyboard: 1, mouse: 1, touch: 0 });
  expect(log.first_input_at).toBe("2026-01-01T00:00:01.200Z");
  expect(log.submitted_at).toBe("2026-01-01T00:00:01.500Z");
});

test("time counts as visible only while the page is seen", () => {
  const clock = new ManualClock();
  const recorder = new Recorder(clock, null, null);
  clock.advance(1000);
  recorder.setVisible(false);
  clock.advance(5000);
  recorder.setVisible(true);
  clock.advance(500);
  expect(recorder.snapshot()).toMatchObject({ visible_ms: 1500, elapsed_ms: 6500 });
});

test("the outline counts as hidden while its key is held", () => {
  const clock = new ManualClock();
  const recorder = new Recorder(clock, null, null);
  recorder.setOutlineHidden(true);
  clock.advance(700);
  recorder.setOutlineHidden(false);
  clock.advance(700);
  expect(recorder.snapshot().outline_hidden_ms).toBe(700);
});

test("a later visit goes on where the earlier one stopped", () => {
  const clock = new ManualClock();
  const earlier = new Recorder(clock, null, null);
  clock.advance(4000);
  const log = earlier.snapshot();
  const later = new Recorder(clock, null, log);
  clock.advance(1000);
  expect(later.snapshot()).toMatchObject({ visits: 2, elapsed_ms: 5000, visible_ms: 5000, shown_at: log.shown_at });
});

test("one movement of the image is one sample, and the first sample is never replaced", () => {
  const clock = new ManualClock();
  const recorder = new Recorder(clock, null, null);
  for (let pan_x = 0; pan_x < 20; pan_x++) {
    recorder.viewed({ ...VIEW, pan_x });
    clock.advance(10);
  }
  expect(recorder.snapshot().views.map(({ pan_x }) => pan_x)).toEqual([0, 19]);
});

test("however long somebody looks, the log stays below the server's 16 KB", () => {
  const clock = new ManualClock();
  const recorder = new Recorder(
    clock,
    { width_px: 15360, height_px: 8640, color_depth: 30, gamut: "rec2020", high_dynamic_range: true },
    null,
  );
  for (let step = 0; step < 5000; step++) {
    clock.advance(1000);
    recorder.viewed({ zoom: 16, pan_x: -123456, pan_y: -123456, width: 15360, height: 8640, dpr: 1.1041666269302368 });
  }
  recorder.answered(EMPTY_FORM, completeForm(), "keyboard");
  const log = recorder.finished(completeForm());
  expect(log.views).toHaveLength(MAX_VIEWS);
  expect(log.views_dropped).toBe(5000 - MAX_VIEWS);
  // Python's json.dumps writes a space after every comma and colon.
  const spaced = JSON.stringify(log).replace(/[,:]/g, "$& ");
  expect(spaced.length).toBeLessThan(16 * 1024);
});

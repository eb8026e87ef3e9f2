import { expect, test } from "vitest";
import { toCsv } from "../../src/screens/admin/csv";

test("commas, quotes and line breaks stay inside their cell", () => {
  expect(toCsv(["file", "reason"], [['a,"b".png', "cut\noff"]])).toBe('file,reason\r\n"a,""b"".png","cut\noff"\r\n');
});

test("a file name that a spreadsheet would run as a formula is made text", () => {
  expect(toCsv(["file"], [['=HYPERLINK("x")'], ["-1.png"], ["@a"], ["plain.png"]])).toBe(
    'file\r\n"\'=HYPERLINK(""x"")"\r\n\'-1.png\r\n\'@a\r\nplain.png\r\n',
  );
});

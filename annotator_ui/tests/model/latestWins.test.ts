import { expect, test } from "vitest";
import { LatestWins } from "../../src/model/latestWins";

/** A slow answerer: each question waits until it is answered by hand. */
function slow() {
  const asked: string[] = [];
  const answers = new Map<string, { resolve: (answer: string) => void; reject: () => void }>();
  const shown: (string | null)[] = [];
  const one = new LatestWins<string, string>(
    (question) => {
      asked.push(question);
      return new Promise((resolve, reject) => answers.set(question, { resolve, reject: () => reject(new Error()) }));
    },
    (answer) => shown.push(answer),
  );
  const answer = async (question: string) => {
    answers.get(question)?.resolve(`${question}!`);
    await new Promise((resolve) => setTimeout(resolve));
  };
  const fail = async (question: string) => {
    answers.get(question)?.reject();
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { one, asked, shown, answer, fail };
}

test("one question is under way and one waits; those between are never asked", async () => {
  const { one, asked, answer } = slow();
  for (const place of ["a", "b", "c", "d"]) one.want(place);
  expect(asked).toEqual(["a"]);
  await answer("a");
  expect(asked).toEqual(["a", "d"]);
});

test("a late answer is shown until the latest one is there", async () => {
  const { one, shown, answer } = slow();
  one.want("a");
  one.want("b");
  await answer("a");
  await answer("b");
  expect(shown).toEqual(["a!", "b!"]);
});

test("an answer that comes after the pointer went to a known place is not shown", async () => {
  const { one, shown, answer } = slow();
  one.want("a");
  one.settle("known");
  await answer("a");
  expect(shown).toEqual(["known"]);
});

test("a failure shows nothing and the next question is asked", async () => {
  const { one, asked, shown, fail, answer } = slow();
  one.want("a");
  await fail("a");
  one.want("b");
  await answer("b");
  expect(asked).toEqual(["a", "b"]);
  expect(shown).toEqual([null, "b!"]);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { DATA } from './data';
import { LOADING } from './loading';
import { type Answered, answered, type Mistake, tableOf } from './mistake';
import { TRAINING } from './training';

const ABOUT = `# Mistakes and what is said to them

For people who look for a message that they got, and for contributors: the texts below are made by a test from the real messages
([test/mistakes](../test/mistakes)), and change with them by \`npx vitest run --project node test/mistakes -u\`. Messages of PEFT's have
PEFT's words.
`;

const CHAPTERS: readonly (readonly [title: string, mistakes: readonly Mistake[]])[] = [
  ['Models and their options', LOADING],
  ['Training, adapters and texts', TRAINING],
  ['Data and the command line', DATA],
];

/** Messages with one of these words need no hint, because they say what to do. */
const CURE = /expected|there is no|is missing|Please|takes|unknown/i;

// Without `location`, messages are worded for a process instead of a page, in every test environment.
const { location } = globalThis;
beforeAll(() => void Reflect.deleteProperty(globalThis, 'location'));
afterAll(() => {
  if (location !== undefined) globalThis.location = location;
});

test('ninety mistakes and more are answered with cause and hint', async () => {
  const tables: string[] = [];
  const all: Answered[] = [];
  for (const [title, mistakes] of CHAPTERS) {
    const answers: Answered[] = [];
    for (const mistake of mistakes) answers.push(await answered(mistake));
    tables.push(`## ${title}\n\n${tableOf(answers)}\n`);
    all.push(...answers);
  }
  expect(all.length).toBeGreaterThan(90);
  expect(all.filter(({ message, hint }) => hint === '' && !CURE.test(message))).toEqual([]);
  expect(
    all.filter(
      ({ message }) => message.length < 15 || /undefined|\[object/.test(message.replace(/got undefined$/, '')),
    ),
  ).toEqual([]);
  await expect(`${ABOUT}\n${tables.join('\n')}`).toMatchFileSnapshot('../../docs/MISTAKES.md');
});

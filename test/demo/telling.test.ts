import { expect, test } from 'vitest';
import { outcomeInWords } from '../../demo/src/classes/refining/outcome';
import { toldInWords } from '../../demo/src/classes/telling/told_in_words';
import type { LearnRecord } from '../../src/index';

test.each([
  [0.97, 'spam, 97 % sure'],
  [0.6, 'spam, 60 % sure'],
  [0.59, 'Not sure. Perhaps spam: 59 %'],
])('a likeliest class of %d is described as %s', (score, words) => {
  const scores = [
    { label: 'ham', score: 1 - score },
    { label: 'spam', score },
  ];
  expect(toldInWords(scores)).toBe(words);
});

const record = { steps: 60, held_out: 0, left_out: [4, 5, 10, 11], candidates: [] } as unknown as LearnRecord;
const candidates = (chosen: string, instant: number, trained: number): LearnRecord['candidates'] => [
  { name: 'instant', loss: 0.5, accuracy: instant, chosen: chosen === 'instant' },
  { name: 'labels', loss: 0.4, accuracy: trained, chosen: chosen === 'labels' },
];

test.each<[Partial<LearnRecord>, string]>([
  [{ steps: 0 }, 'It takes more messages to refine it: six of each class are enough.'],
  [
    { candidates: candidates('instant', 0.75, 0.5) },
    'Refined, which made it no better: it stays right for 3 of 4 messages kept apart.',
  ],
  [
    { candidates: candidates('labels', 0.5, 0.75) },
    'Refined: right for 2 of 4 messages kept apart before, and for 3 of 4 now.',
  ],
  [
    { candidates: candidates('labels', 0.75, 0.5) },
    'Refined: right for 3 of 4 messages kept apart before, and for 2 of 4 now, which is too few to tell them apart.',
  ],
  [{ candidates: candidates('labels', 0.75, 0.75) }, 'Refined: as before right for 3 of 4 messages kept apart.'],
  [
    { candidates: candidates('labels', 0.7, 0.8), left_out: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
    'Refined: right for 7 of 10 messages kept apart before, and for 8 of 10 now.',
  ],
])('a refinement with %j is described', (changes, words) => {
  expect(outcomeInWords({ ...record, ...changes }, 'messages')).toBe(words);
});

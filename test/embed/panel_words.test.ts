import { describe, expect, test } from 'vitest';
import {
  countsInWords,
  keptInWords,
  learntInWords,
  loadingInWords,
  lossInWords,
  rightInWords,
  shareInWords,
  shownProgress,
  stepsInWords,
  timeLeft,
  troubleInWords,
} from '../../src/embed/view/panel_words';
import { linePoints } from '../../src/embed/view/teach/chart';
import type { LearnRecord, ProgressInfo, StepLogs } from '../../src/index';
import { beginningOf } from '../../src/page/training/run_report';

test.each([
  [undefined, ''],
  [Number.NaN, ''],
  [0.2, '1 s left'],
  [59.4, '59 s left'],
  [59.6, 'about 1 min left'],
  [3000, 'about 50 min left'],
  [7300, 'about 2 h left'],
])('%s seconds: %s', (seconds, words) => {
  expect(timeLeft(seconds)).toBe(words);
});

test('the states in which a session can’t train are explained', () => {
  expect(troubleInWords('recovering')).toMatch(/goes on by itself in a moment/);
  expect(troubleInWords('blocked')).toMatch(/graphics card.+goes on by itself in a minute/);
  for (const state of ['ready', 'busy', 'closed', undefined] as const) expect(troubleInWords(state)).toBeUndefined();
});

test('loading is shown in bytes, then as getting ready', () => {
  const total: ProgressInfo = { status: 'progress_total', name: 'm', progress: 50, loaded: 5e6, total: 1e7 };
  expect(loadingInWords(undefined)).toEqual({ text: 'Starting…' });
  expect(loadingInWords({ ...total, secondsLeft: 4 })).toEqual({ text: '5.00 MB of 10.0 MB · 4 s left', share: 0.5 });
  expect(loadingInWords({ ...total, total: 0 })).toEqual({ text: '5.00 MB' });
  expect(loadingInWords({ status: 'upload', name: 'm', progress: 25 })).toEqual({
    text: 'Getting ready…',
    share: 0.25,
  });
});

test('a run is described by its steps and the time left', () => {
  const logs = { step: 3, loss: 2, seconds_left: 90 } as StepLogs;
  const state = { ...beginningOf(60), global_step: 3, log_history: [logs] };
  expect(stepsInWords({ ...state, max_steps: 0 })).toMatch(/^Reading/);
  expect(stepsInWords({ ...state, global_step: 0, log_history: [] })).toBe('Step 0 of 60');
  expect(stepsInWords(state)).toBe('Step 3 of 60 · about 2 min left');
  expect(stepsInWords({ ...state, global_step: 60 })).toBe('Step 60 of 60 · seeing whether it got better…');
});

describe('the profile', () => {
  const info = {
    ratings: 0,
    preferences: 0,
    id: 'a',
    examples: 1,
    seen: 1,
    bytes: 2048,
    created_at: 0,
    used_at: 0,
    base_model: null,
    history: [],
    can_roll_back: false,
  };
  const shares = { cross_validated_accuracy: null, accuracy_before: null, accuracy_after: null };
  const unsolved = {
    method: 'train',
    C: null,
    cross_validated_loss: null,
    ...shares,
    candidates: [],
    left_out: [],
    phases: [],
  } as const;
  const counts = { at: 0, examples: 9, held_out: 1, steps: 4 };
  const record: LearnRecord = { ...counts, ...unsolved, loss_before: 3.456, loss_after: 3.123, taken: true };

  test('is described', () => {
    expect(keptInWords(undefined)).toMatch(/^Nothing yet/);
    expect(keptInWords({ ...info, examples: 0, seen: 0 })).toMatch(/^Nothing yet/);
    expect(keptInWords(info)).toBe('In this browser, and nowhere else: 1 example, in 2.05 kB.');
    expect(keptInWords(undefined, true)).toBe('Nothing yet. What you teach it stays only until this page closes.');
    expect(keptInWords(info, true)).toMatch(/^Only until this page closes, and nowhere else: 1 example, in/);
    expect(keptInWords({ ...info, examples: 0, seen: 0, ratings: 2, preferences: 1 })).toContain(
      ': 0 examples, 3 ratings, in 2.05 kB.',
    );
    expect(keptInWords({ ...info, examples: 1000, seen: 4321 })).toContain(
      '1,000 examples, a fair sample of the 4,321 examples so far, in',
    );
  });

  test('and its outcome are described', () => {
    expect(learntInWords([])).toBe('');
    expect(learntInWords([record])).toBe(
      'It has learnt once. The last time it got better at examples that it hadn’t seen (loss 3.46 → 3.12).',
    );
    expect(learntInWords([record, { ...record, held_out: 0, taken: false, loss_after: 4 }])).toBe(
      'It has learnt 2 times. The last time it would have got worse at what you taught it (loss 3.46 → 4.00), so it stayed as it was.',
    );
    expect(learntInWords([{ ...record, loss_after: 3.456 }])).toContain('made no difference');
  });

  test('and how often it is right after labels are described', () => {
    const instant: LearnRecord = { ...record, method: 'instant', steps: 0, cross_validated_accuracy: 7 / 9 };
    expect([rightInWords([]), rightInWords([record]), learntInWords([instant])]).toEqual(['', '', '']);
    const fair = 'It is right for 7 of 9 examples that it hadn’t seen.';
    expect(rightInWords([instant])).toBe(fair);
    // After a training run the cross-validated accuracy isn't shown: its held-out examples aren't new to vectors trained on all examples.
    expect(rightInWords([record, instant])).toBe('It has learnt from 9 examples.');
    const judged = { ...instant, held_out: 40, accuracy_after: 0.81 };
    expect(rightInWords([record, judged])).toBe('It is right for about 8 of 10 examples that it hadn’t seen.');
    expect(rightInWords([{ ...instant, taken: false }])).toContain('so it stayed as it was');
    const candidates = (name: string) =>
      (['instant', 'contrast'] as const).map((one) => ({ name: one, loss: 1, accuracy: 0.75, chosen: one === name }));
    const refined: LearnRecord = { ...record, method: 'refine', candidates: candidates('contrast') };
    expect(rightInWords([{ ...refined, held_out: 0 }])).toBe('Refined, and kept.');
    const figures = { held_out: 10, accuracy_before: 0.7, accuracy_after: 0.8 };
    expect(rightInWords([{ ...refined, ...figures }])).toBe(
      'Refined, and kept. Of examples that it hadn’t seen, it was right for 7 of 10 before, and is for 8 of 10 now.',
    );
    const left = { ...refined, ...figures, candidates: candidates('instant') };
    expect(rightInWords([left])).toBe(
      'Refining made it no better, so it was left as it was: right for 8 of 10 examples that it hadn’t seen.',
    );
    const apart = { ...refined, held_out: 0, left_out: [4, 9, 14, 19], candidates: candidates('contrast') };
    expect(rightInWords([apart])).toBe(
      'Refined, and kept. Of examples that it hadn’t seen, it was right for 3 of 4 before, and is for 3 of 4 now.',
    );
    expect(rightInWords([{ ...refined, steps: 0, candidates: [] }])).toMatch(/^It takes more examples to refine it/);
    expect(rightInWords([left, instant])).toBe(fair);
    expect(rightInWords([refined, instant])).toBe('It has learnt from 9 examples.');
  });

  test('and an outcome that was rolled back is not', () => {
    const undone: LearnRecord = { ...record, undone: true };
    expect(learntInWords([undone])).toBe('');
    expect(learntInWords([record, undone])).toBe(learntInWords([record]));
    const instant: LearnRecord = { ...record, method: 'instant', steps: 0, cross_validated_accuracy: 7 / 9 };
    expect(rightInWords([instant, { ...undone, method: 'refine' }])).toBe(rightInWords([instant]));
  });
});

test.each([
  [[3], '3.00 now.'],
  [[3, 2], '2.00 now, 3.00 at first.'],
  [[...Array<number>(10).fill(4), 9, ...Array<number>(10).fill(2)], '2.00 now, 4.00 at first.'],
])('losses in words: %j', (losses, words) => {
  expect(lossInWords(losses, 'How surprised it is')).toBe(`How surprised it is: ${words} Lower is better.`);
});

describe('the line of the loss', () => {
  const points = (losses: readonly number[], steps: number): number[][] =>
    linePoints(losses, steps)
      .split(' ')
      .map((point) => point.split(',').map(Number));

  test('falls with the loss, up to the current step', () => {
    expect(points([4, 3, 2], 3)).toEqual([
      [3, 3],
      [150, 39.4],
      [297, 77],
    ]);
    expect(points([4, 3, 2], 6).at(-1)).toEqual([150, 77]);
  });

  test('is flat if the loss is constant, and skips NaN', () => {
    expect(points([2, 2], 2)).toEqual([
      [3, 40],
      [297, 40],
    ]);
    expect(points([Number.NaN, 2], 2)).toEqual([[3, 40]]);
    expect(linePoints([], 2)).toBe('');
  });

  test('has at most as many points as it can show', () => {
    const long = points(
      Array.from({ length: 1000 }, (_, index) => 1000 - index),
      1000,
    );
    expect(long.length).toBeLessThanOrEqual(150);
    expect(long.at(-1)).toEqual([297, 77]);
  });
});

test('labels are counted, and shares are percentages', () => {
  expect(countsInWords(['ham', 'spam', 'ham'])).toBe('Added: 2 ham, 1 spam');
  expect([0, 0.004, 0.966, 1].map(shareInWords)).toEqual(['0 %', '0 %', '97 %', '100 %']);
});

test('loading shows the bytes until all have arrived', () => {
  const file = { name: 'm', file: 'w', progress: 1, loaded: 1, total: 100 };
  const coming: ProgressInfo = { status: 'progress_total', name: 'm', progress: 1, loaded: 1, total: 100 };
  const here: ProgressInfo = { ...coming, progress: 100, loaded: 100 };
  const verified: ProgressInfo = { status: 'verify', name: 'm', progress: 7 };
  expect(shownProgress(undefined, { status: 'progress', ...file })).toBeUndefined();
  expect(shownProgress(undefined, verified)).toBe(verified);
  expect(shownProgress(coming, verified)).toBe(coming);
  expect(shownProgress(here, { status: 'progress', ...file })).toBe(here);
  expect(shownProgress(here, verified)).toBe(verified);
  expect(shownProgress(verified, coming)).toBe(coming);
});

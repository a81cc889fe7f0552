import { expect, test } from 'vitest';
import type { HeadFit, HeldOutFit } from '../../../../src/core/types/prediction';
import { outcomeOf } from '../../../../src/page/profile/learning/solved_head';

const figures = (loss: number) => ({ loss, accuracy: 0.5 });

const held = (loss: number): HeldOutFit => ({
  examples: 2,
  before: figures(1),
  after: figures(loss),
  losses: [loss, loss],
  calibrated: { scale: 1, loss, losses: [loss, loss] },
  confusion: null,
});

const crossed = (loss: number) => ({ ...figures(loss), folds: 5, confusion: null });

function solved(changes: Partial<HeadFit>): HeadFit {
  const counts = { C: 10, scale: 1, examples: 8, computed: 8, seconds: 0 };
  return { ...figures(0.2), before: figures(1), cross_validated: null, held_out: null, ...counts, ...changes };
}

test.each<[string, Partial<HeadFit>, boolean, boolean]>([
  ['a lower loss on held-out examples', { held_out: held(0.9) }, false, true],
  ['a higher loss on held-out examples', { held_out: held(1.1) }, true, false],
  [
    'a higher loss on held-out examples, and a lower cross-validated one',
    { held_out: held(1.1), cross_validated: crossed(0.9) },
    false,
    true,
  ],
  [
    'a higher loss on held-out examples, and a higher cross-validated one',
    { held_out: held(1.1), cross_validated: crossed(1.2) },
    true,
    false,
  ],
  ['a lower cross-validated loss', { cross_validated: crossed(0.9) }, false, true],
  ['a higher cross-validated loss', { cross_validated: crossed(1.1) }, false, false],
  ['a higher one than an earlier solved head has', { cross_validated: crossed(1.1) }, true, true],
  ['a lower loss without cross-validation', {}, false, true],
  ['a higher loss without cross-validation', { loss: 1.1 }, false, false],
  ['a loss that isn’t finite before', { before: figures(Number.NaN) }, false, true],
])('%s: whether the new head is used', (_, changes, isSolved, taken) => {
  expect(outcomeOf(solved(changes), { solved: isSolved })).toMatchObject({ taken, steps: 0, C: 10 });
});

test('records the figures of held-out examples, and those of examples held out in turn', () => {
  const held_out = { ...held(0.9), after: { loss: 0.9, accuracy: 1 } };
  const cross_validated = { loss: 0.7, accuracy: 0.75, folds: 5, confusion: null };
  const outcome = outcomeOf(solved({ held_out, cross_validated }), { solved: false });
  const losses = { loss_before: 1, loss_after: 0.9, cross_validated_loss: 0.7 };
  const shares = { accuracy_before: 0.5, accuracy_after: 1, cross_validated_accuracy: 0.75 };
  const counts = { examples: 8, held_out: 2, steps: 0 };
  expect(outcome).toEqual({
    ...counts,
    ...losses,
    ...shares,
    C: 10,
    candidates: [],
    left_out: [],
    phases: [],
    taken: true,
  });
});

test('a head over refined vectors is compared by the fair loss of the first solution', () => {
  const first = solved({ cross_validated: crossed(0.9) });
  const outcome = outcomeOf(solved({ loss: 0.01 }), { solved: false }, { first, steps: 9, left_out: [4, 5] });
  expect(outcome).toMatchObject({
    taken: true,
    steps: 9,
    loss_after: 0.01,
    cross_validated_loss: 0.9,
    left_out: [4, 5],
  });
  const worse = { first: solved({ cross_validated: crossed(1.1) }) };
  expect(outcomeOf(solved({ loss: 0.01 }), { solved: false }, worse).taken).toBe(false);
});

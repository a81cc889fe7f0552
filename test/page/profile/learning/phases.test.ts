import { describe, expect, test } from 'vitest';
import { planSteps } from '../../../../src/core/numbers/step_plan';
import type { TrainingArguments } from '../../../../src/core/types/training';
import { balancedWeights, phasesOf, sharedSteps, trainArguments } from '../../../../src/page/profile/learning/phases';
import type { LearnArguments } from '../../../../src/page/profile/storage/record';
import { resolveTrainingArguments } from '../../../../src/page/training/training_arguments';

test.each<[string, number, TrainingArguments, number]>([
  ['one example is repeated for sixteen epochs', 1, {}, 16],
  ['sixteen examples are repeated for sixty steps', 16, {}, 60],
  ['27 examples in batches of 4 are repeated for nine epochs of seven steps', 27, {}, 63],
  ['larger batches are repeated more often', 27, { per_device_train_batch_size: 8 }, 60],
  ['accumulated batches count as one step', 27, { gradient_accumulation_steps: 4 }, 32],
  ['80 examples take three epochs of 20 steps', 80, {}, 60],
  ['many examples take three epochs', 900, {}, 675],
  ['steps that are −1, the default, are none', 1, { max_steps: -1 }, 16],
  ['a given number of steps holds', 2, { max_steps: 4 }, 4],
  ['a given number of epochs holds beside the default of steps', 2, { max_steps: -1, num_train_epochs: 3 }, 3],
  ['a given number of epochs holds', 2, { num_train_epochs: 3 }, 3],
])('%s', (_, examples, given, steps) => {
  const args = trainArguments(given, examples);
  expect(args).toMatchObject(given);
  expect(planSteps(examples, resolveTrainingArguments(args)).maxSteps).toBe(steps);
});

const text = { text: 'The sea.' };
const pair = { prompt: 'Dear', chosen: ' sea', rejected: ' hill' };
const good = { prompt: 'Dear', completion: ' sea', label: true };
const bad = { prompt: 'Dear', completion: ' hill', label: false };
const given: LearnArguments = { args: {}, preferences: {}, ratings: {} };

function repeated<T>(one: T, count: number): T[] {
  return Array.from({ length: count }, () => one);
}

describe('phases', () => {
  const learnt = [bad, pair, text, good, text];

  test('are those of the kinds that there are, examples first and ratings last', () => {
    expect(phasesOf({ ...given, learnt, held: [bad, text] })).toMatchObject([
      { kind: 'examples', learnt: [text, text], held: [text], plan: { steps: 16 } },
      { kind: 'preferences', learnt: [pair], held: [], plan: { steps: 16 } },
      { kind: 'ratings', learnt: [bad, good], held: [bad], plan: { steps: 16 } },
    ]);
    expect(phasesOf({ ...given, learnt, held: [] }, ['ratings']).map(({ kind }) => kind)).toEqual(['ratings']);
    expect(phasesOf({ ...given, learnt: [], held: [] })).toEqual([]);
  });

  test.each<[string, number, readonly number[], readonly number[]]>([
    ['by their numbers', 10, [30, 10], [7, 3]],
    ['with a step at least', 10, [1000, 1, 1], [8, 1, 1]],
    ['with all steps', 61, [7, 11, 13], [14, 22, 25]],
    ['the first ones, while there are too few', 2, [5, 5, 5], [1, 1, 0]],
    ['alone', 4, [9], [4]],
  ])('share steps %s', (_, steps, counts, shares) => {
    expect(sharedSteps(steps, counts)).toEqual(shares);
  });

  test('take no share of the steps of all if they have a length of their own', () => {
    const args = { max_steps: 8, per_device_train_batch_size: 1 };
    const stepsOf = (own: Partial<LearnArguments>) =>
      phasesOf({ ...given, args, ...own, learnt, held: [] }).map(({ plan }) => plan.steps);
    expect(stepsOf({})).toEqual([3, 2, 3]);
    expect(stepsOf({ ratings: { max_steps: 20 } })).toEqual([5, 3, 20]);
    // A batch has at least two ratings, although the batch size is 1.
    expect(stepsOf({ ratings: { num_train_epochs: 2 } })).toEqual([5, 3, 2]);
    expect(stepsOf({ args: { max_steps: 1 } })).toEqual([1, 0, 0]);
    // A number of −1 is the default, as if it weren't given.
    expect(stepsOf({ preferences: { max_steps: -1 }, ratings: { max_steps: -1 } })).toEqual([3, 2, 3]);
    expect(stepsOf({ ratings: { max_steps: -1, num_train_epochs: 2 } })).toEqual([5, 3, 2]);
    expect(stepsOf({ args: { max_steps: -1 } })).toEqual(stepsOf({ args: {} }));
  });

  test('weigh the rarer ratings more, up to four times', () => {
    expect(balancedWeights([...repeated(good, 2), ...repeated(bad, 6)])).toEqual({ desirable_weight: 3 });
    expect(balancedWeights([...repeated(good, 9), bad])).toEqual({ undesirable_weight: 4 });
    expect(balancedWeights([good, bad])).toEqual({ undesirable_weight: 1 });
    expect(balancedWeights([good, good])).toEqual({});
    expect(balancedWeights([bad])).toEqual({});
  });
});

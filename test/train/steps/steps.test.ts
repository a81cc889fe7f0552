import { expect, test } from 'vitest';
import { languageHead } from '../../../src/models/heads';
import { CausalLm } from '../../../src/tasks/causal_lm/causal_lm';
import type { TextBatch } from '../../../src/tasks/causal_lm/text_batch';
import { textRow } from '../../../src/tasks/causal_lm/token_row';
import { trainingSteps } from '../../../src/train/steps/steps';
import type { StepData } from '../../../src/train/training_init';
import { toArray } from '../../helpers/bytes/to_array';

const args = {
  max_length: 64,
  per_device_train_batch_size: 2,
  gradient_accumulation_steps: 1,
  num_train_epochs: 2,
  max_steps: -1,
  seed: 42,
  shuffle: true,
  objective: 'labels' as const,
  group_by_length: false,
};
const sizes = { vocabSize: 64, maxLength: 512, positions: 'row', eosTokenIds: [], padTokenId: 0 } as const;
const task = new CausalLm({
  text: sizes,
  config: { model_type: 'llama' },
  head: languageHead({ className: '', C: 8, V: 64 }),
});
/** Rows of three tokens. Row i begins with the id i + 1. */
const rows = Array.from({ length: 7 }, (_, i) => textRow([i + 1, 50, 51]));

function firstIds({ microBatches }: StepData): number[] {
  return (microBatches as TextBatch[]).flatMap(({ B, T, input_ids }) =>
    Array.from({ length: B }, (_, b) => input_ids[b * T]!),
  );
}
function seen(steps: readonly StepData[]): number[] {
  return steps.flatMap(firstIds).filter((id) => id > 0);
}
function run(changes: Partial<typeof args> = {}, done = 0): Promise<StepData[]> {
  return toArray(trainingSteps(task, rows, { ...args, ...changes }, done));
}

test('without shuffling the order is the one given', async () => {
  expect(seen(await run({ shuffle: false, num_train_epochs: 1 }))).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('every epoch sees every row once, each in its own order', async () => {
  const steps = await run();
  const epochs = [seen(steps.slice(0, 4)), seen(steps.slice(4))];
  for (const epoch of epochs) expect(epoch.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(epochs[0]).not.toEqual(epochs[1]);
  expect(epochs[0]).not.toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('the same seed gives the same steps, another seed others', async () => {
  expect(await run()).toEqual(await run());
  expect(seen(await run())).not.toEqual(seen(await run({ seed: 43 })));
});

test('a run that resumes after some steps gets the same rows as an uninterrupted one', async () => {
  for (const done of [0, 1, 4, 7, 8]) expect(await run({}, done)).toEqual((await run()).slice(done));
});

test('accumulation: one step of several batches, divided by all their labels', async () => {
  const steps = await run({ gradient_accumulation_steps: 3, shuffle: false, num_train_epochs: 1 });
  expect(steps.map(({ microBatches }) => microBatches.length)).toEqual([3, 1]);
  expect(steps.map(({ labelled }) => labelled)).toEqual([12, 2]);
  expect(steps.map(({ tokens }) => tokens)).toEqual([18, 3]);
  expect(steps[0]!.microBatches.map(({ labelled }) => labelled)).toEqual([4, 4, 4]);
});

test('epochs begin, end and are counted', async () => {
  const steps = await run({ max_steps: 6 });
  expect(steps.map(({ epoch }) => epoch)).toEqual([0.25, 0.5, 0.75, 1, 1.25, 1.5]);
  expect(steps.map(({ startsEpoch }) => startsEpoch)).toEqual([true, false, false, false, true, false]);
  expect(steps.map(({ endsEpoch }) => endsEpoch)).toEqual([false, false, false, true, false, true]);
});

test('T follows the longest row of each batch', async () => {
  const mixed = [textRow(Array(70).fill(1)), textRow([1, 2]), textRow([1, 2]), textRow([1, 2])];
  const [first, second] = (await toArray(trainingSteps(task, mixed, { ...args, max_length: 512, shuffle: false }))) as [
    StepData,
    StepData,
  ];
  expect(first.microBatches[0]!.T).toBe(128);
  expect(second.microBatches[0]!.T).toBe(16);
});

test('rows of similar length go together, the longest first', async () => {
  const rows = Array.from({ length: 24 }, (_, i) => textRow(Array(2 + ((i * 7) % 24)).fill(1)));
  const grouped = { ...args, group_by_length: true, num_train_epochs: 1 };
  const steps = await toArray(trainingSteps(task, rows, grouped));
  const lengths = steps.map(({ microBatches: [batch] }) => {
    const { attention_mask, T } = batch as TextBatch;
    return [0, 1].map((b) => attention_mask.subarray(b * T, (b + 1) * T).reduce((sum, bit) => sum + bit, 0));
  });
  expect(lengths[0]![0]).toBe(25);
  expect(lengths.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, i) => i + 2));
  // 24 rows make twelve steps of two rows. Rows are sorted by length within groups of a quarter of the steps. Only a group's
  // first row may be out of order, because the longest row of all comes first.
  for (let start = 0; start < steps.length; start += 3) {
    const [, ...group] = lengths.slice(start, start + 3).flat();
    expect(group).toEqual(group.toSorted((a, b) => b - a));
  }
});

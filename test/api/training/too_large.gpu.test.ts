import { expect, onTestFinished, test } from 'vitest';
import { type TrainEvent, Trainer, type TrainingArguments } from '../../../src/index';
import { loadTinyVera, tinyRow } from '../../helpers/models/tiny_llama';
import { openTestSession } from '../../helpers/session/session';

/** Trains on a GPU with small bindings. The longest example comes last. */
async function train(args: TrainingArguments) {
  const opened = await openTestSession({}, { bindingBytes: 20_000 });
  onTestFinished(() => opened.session.close());
  const model = await loadTinyVera(opened);
  const before = opened.storageBytes();
  const rows = [tinyRow(30), tinyRow(30, 1), tinyRow(30, 2), tinyRow(120, 3)];
  const run = new Trainer({ model, args: { shuffle: false, ...args }, train_dataset: rows }).train();
  const events: TrainEvent['type'][] = [];
  const end = (async () => {
    for await (const { type } of run) events.push(type);
    return run;
  })();
  const outcome = await end.then(
    ({ global_step }) => ({ global_step, error: undefined }),
    (error: unknown) => ({ global_step: 0, error }),
  );
  return { ...outcome, events, left: opened.storageBytes() - before };
}

test('a run whose largest batch doesn’t fit is refused before its first step', async () => {
  const { error, events, left } = await train({ per_device_train_batch_size: 2, max_steps: 2 });
  expect(error).toMatchObject({
    code: 'limit_exceeded',
    message: expect.stringContaining("Batches of 2 × 128 don't fit on this GPU"),
    hint: expect.stringContaining('per_device_train_batch_size: 1 with gradient_accumulation_steps: 2'),
    detail: { batch: 2, tokens: 128 },
  });
  expect(events).toEqual([]);
  expect(left).toBe(0);
});

test('a run with the arguments of the hint succeeds', async () => {
  const args = { per_device_train_batch_size: 1, gradient_accumulation_steps: 2, max_length: 64, max_steps: 2 };
  expect(await train(args)).toMatchObject({ global_step: 2, error: undefined });
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { get_peft_model, type PreTrainedModel, type StepLogs, type TrainingArguments } from '../../../src/index';
import { largestDifference } from '../../helpers/golden/golden';
import { loadTiny, tinyRow, tinyVera } from '../../helpers/models/tiny_llama';
import { tinyTrainer } from '../../helpers/models/tiny_training';
import { openTestSession, type TestSession } from '../../helpers/session/session';

let opened: TestSession;
let base: PreTrainedModel;

beforeAll(async () => {
  opened = await openTestSession();
  base = await loadTiny(opened);
});
afterAll(() => opened.session.close());

const rows = Array.from({ length: 10 }, (_, index) => tinyRow(20 + 3 * index, index));
const batchOf = (size: number, rest: TrainingArguments = {}): TrainingArguments => ({
  per_device_train_batch_size: size,
  save_strategy: 'no',
  learning_rate: 0.05,
  ...rest,
});

/** Trains, and returns the logs, and the number of bind groups at each log. */
async function train(args: TrainingArguments) {
  const model = await get_peft_model(base, tinyVera);
  const run = tinyTrainer(model, { train_dataset: rows, eval_dataset: rows, args }).train();
  const groups: number[] = [];
  const logs: StepLogs[] = [];
  for await (const event of run) {
    if (event.type !== 'log') continue;
    logs.push(event.logs);
    groups.push(opened.calls('createBindGroup'));
  }
  const { metrics } = await run;
  return { model, logs, groups, metrics };
}

test('fewer rows than a batch has make a smaller batch, with its own work and memory', async () => {
  const ten = await train(batchOf(10, { max_steps: 3 }));
  const many = await train(batchOf(256, { max_steps: 3 }));
  expect(many.metrics.flops_per_step).toBe(ten.metrics.flops_per_step);
  expect(many.metrics.dispatches_per_step).toBe(ten.metrics.dispatches_per_step);
  // The first run's adapter still holds 512 bytes; a batch of 256 rows would take megabytes.
  const [peak = 0, before = 0] = [many.metrics.peak_gpu_bytes, ten.metrics.peak_gpu_bytes];
  expect(peak - before).toBeLessThan(4096);
  expect(many.logs.map(({ loss, grad_norm }) => [loss, grad_norm])).toEqual(
    ten.logs.map(({ loss, grad_norm }) => [loss, grad_norm]),
  );
});

test("an epoch's last batch has a program that is built once", async () => {
  const { groups, logs } = await train(batchOf(4, { num_train_epochs: 4 }));
  expect(logs).toHaveLength(12);
  // Steps of the second epoch may be queued before the first epoch's last step is logged.
  expect(new Set(groups.slice(3)).size).toBe(1);
});

test('cut into batches in any way, rows have the same loss', async () => {
  const still = { learning_rate: 0, num_train_epochs: 1, gradient_accumulation_steps: 10 };
  const losses: number[] = [];
  for (const size of [1, 3, 4, 7, 10, 16]) {
    const { model, logs } = await train(batchOf(size, still));
    expect(logs).toHaveLength(1);
    losses.push(logs[0]?.loss ?? Number.NaN);
    const trainer = tinyTrainer(model, { train_dataset: rows, eval_dataset: rows, args: batchOf(size) });
    losses.push((await trainer.evaluate()).eval_loss ?? Number.NaN);
  }
  // About 300 float32 values are added in different orders, so that the sums differ by rounding.
  expect(largestDifference(Float32Array.from(losses), new Float32Array(losses.length).fill(losses[0]!))).toBeLessThan(
    2e-6 * losses[0]!,
  );
});

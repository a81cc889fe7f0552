import { expect, test } from 'vitest';
import { get_peft_model, type StepLogs, Trainer, type TrainingArguments, type VeraModel } from '../../../src/index';
import { largestDifference } from '../../helpers/golden/golden';
import { loadTiny, loadTinyVera, tinyRow, tinyVera } from '../../helpers/models/tiny_llama';
import { bytesOf, openTestSession, type TestSession, vectorsOf } from '../../helpers/session/session';

const creations = [
  'createBuffer',
  'createBindGroup',
  'createBindGroupLayout',
  'createPipelineLayout',
  'createShaderModule',
  'createComputePipeline',
  'createComputePipelineAsync',
] as const;
const created = ({ calls }: TestSession): number => calls(...creations);

async function adapterBytes(model: VeraModel): Promise<Uint8Array> {
  return bytesOf((await model.save_pretrained())['adapter_model.safetensors']);
}

async function train(model: VeraModel, rows: readonly object[], args: TrainingArguments): Promise<StepLogs[]> {
  const logs: StepLogs[] = [];
  const run = new Trainer({ model, args, train_dataset: rows as { input_ids: number[] }[] }).train();
  for await (const event of run) if (event.type === 'log') logs.push(event.logs);
  return logs;
}

test('after the first step of each length, training makes no GPU object', async () => {
  const opened = await openTestSession();
  const model = await loadTinyVera(opened);
  const made: number[] = [];
  const submits: number[] = [];
  const run = new Trainer({
    model,
    args: { per_device_train_batch_size: 2, gradient_accumulation_steps: 2, max_steps: 8, shuffle: false },
    // The steps alternate between rows padded to 64 tokens and rows padded to 128 tokens.
    train_dataset: [35, 40, 45, 50, 70, 80, 90, 100].map((length) => tinyRow(length)),
    callbacks: [
      {
        on_step_end: () => {
          made.push(created(opened));
          submits.push(opened.calls('submit'));
        },
      },
    ],
  }).train();
  await run;
  expect(made).toHaveLength(8);
  expect(made[0]).toBeGreaterThan(0);
  // When a step is reported, the next two steps, one of each length, are already queued.
  expect(new Set(made)).toEqual(new Set([made[0]]));
  expect(submits[7]).toBeGreaterThan(submits[0]!);
  await opened.session.close();
});

test('after the first checkpoint, neither steps nor checkpoints make a GPU object', async () => {
  const opened = await openTestSession();
  const model = await loadTinyVera(opened);
  const made: number[] = [];
  const run = new Trainer({
    model,
    args: { per_device_train_batch_size: 2, max_steps: 12, save_steps: 2 },
    train_dataset: [35, 40, 45, 50].map((length) => tinyRow(length)),
    callbacks: [{ on_save: () => made.push(created(opened)) }],
  }).train();
  await run;
  expect(made).toHaveLength(6);
  expect(new Set(made).size).toBe(1);
  await opened.session.close();
});

test('checkpoints that arrive late take no more memory to read than one', async () => {
  const opened = await openTestSession();
  const model = await loadTinyVera(opened);
  const rows = [20, 30, 40, 50].map((length) => tinyRow(length));
  const staging = (): number => opened.liveBytes() - opened.storageBytes();
  await train(model, rows, { max_steps: 1, save_steps: 1 });
  const ofOne = staging();
  expect(ofOne).toBeGreaterThan(0);
  opened.delayReads(20);
  await train(model, rows, { max_steps: 6, save_steps: 1 });
  expect(staging()).toBe(ofOne);
  await opened.session.close();
});

test('after the first token, generation makes no GPU object, and neither does the next text', async () => {
  const opened = await openTestSession();
  const model = await loadTinyVera(opened);
  const made: number[] = [];
  for (const seed of [1, 2]) {
    const { input_ids } = tinyRow(20, seed);
    const config = { max_new_tokens: 30, eos_token_id: null, do_sample: true, seed };
    for await (const _ of model.generate(input_ids, config)) made.push(created(opened));
  }
  expect(made).toHaveLength(60);
  expect(new Set(made).size).toBe(1);
  await opened.session.close();
});

test('the same seed gives the same bytes, another seed others', async () => {
  const args = { per_device_train_batch_size: 2, max_steps: 6, learning_rate: 0.05 };
  const rows = Array.from({ length: 10 }, (_, index) => tinyRow(20 + 3 * index, index));
  const results: Uint8Array[] = [];
  for (const seed of [7, 7, 8]) {
    const opened = await openTestSession();
    const model = await loadTinyVera(opened);
    await train(model, rows, { ...args, seed });
    results.push(await adapterBytes(model));
    await opened.session.close();
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).not.toEqual(results[0]);
});

test('a step may be split into batches in any way', async () => {
  const opened = await openTestSession();
  const base = await loadTiny(opened);
  // The rows have different lengths, so that a mean of the batches' means would be another loss.
  const rows = [60, 5, 33, 12].map((length, index) => tinyRow(length, index));
  const runs = [];
  for (const [batch, accumulation] of [
    [4, 1],
    [2, 2],
    [1, 4],
  ] as const) {
    const model = await get_peft_model(base, tinyVera);
    const logs = await train(model, rows, {
      per_device_train_batch_size: batch,
      gradient_accumulation_steps: accumulation,
      max_steps: 4,
      shuffle: false,
      lr_scheduler_type: 'constant',
    });
    runs.push({ logs, vectors: await vectorsOf(await model.save_pretrained()) });
  }
  const [whole, ...split] = runs;
  for (const { logs, vectors } of split) {
    // Only the order of float32 sums differs.
    for (const key of ['loss', 'grad_norm'] as const) {
      expect(
        largestDifference(
          logs.map((log) => log[key]),
          whole!.logs.map((log) => log[key]),
        ),
      ).toBeLessThan(2e-6);
    }
    // In each of the four steps, a gradient near zero may be rounded differently.
    for (const [name, vector] of vectors) {
      expect(largestDifference(vector, whole!.vectors.get(name)!), name).toBeLessThan(1e-4);
    }
  }
  await opened.session.close();
});

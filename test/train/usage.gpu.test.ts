import { expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { pinned } from '../../src/graph/value';
import { get_peft_model, Trainer, VeraConfig } from '../../src/index';
import { add } from '../../src/ops/add';
import { testExecutor } from '../helpers/gpu/on_gpu';
import { loadBase, openTestSession } from '../helpers/session/session';

test('a runner counts what it runs, and not the chunks that it leaves out', async () => {
  const g = new Graph();
  const values = [pinned('a', [100]), pinned('b', [100])] as const;
  for (const chunk of [0, 1]) g.inChunk(chunk, () => add(g, ...values));
  const executor = testExecutor();
  const loaded = await executor.load({ name: 'test', steps: g.steps, outputs: [] });
  const counts = [];
  for (const chunks of [2, 1, 0]) {
    const before = executor.usage();
    executor.run(loaded, { chunks });
    const after = executor.usage();
    counts.push({ flops: after.flops - before.flops, dispatches: after.dispatches - before.dispatches });
  }
  expect(loaded.flops).toBe(200);
  expect(counts).toEqual([
    { flops: 200, dispatches: 2 },
    { flops: 100, dispatches: 1 },
    { flops: 0, dispatches: 0 },
  ]);
  loaded.release();
  executor.free(values);
});

test('a training run reports its work per step', async () => {
  const opened = await openTestSession();
  // With dropout, no layer is merged, whatever the number of micro-batches.
  const config = new VeraConfig({ r: 8, target_modules: 'all-linear', vera_dropout: 0.1, task_type: 'CAUSAL_LM' });
  const model = await get_peft_model(await loadBase(opened, 'llama_layer0_small'), config);
  const row = { input_ids: Array.from({ length: 24 }, (_, i) => 3 + i) };
  const train = async (max_steps: number, examples: number) => {
    const args = { max_steps, per_device_train_batch_size: 2, gradient_accumulation_steps: examples / 2 };
    return (await new Trainer({ model, args, train_dataset: Array(examples).fill(row) }).train()).metrics;
  };
  const [one, three, accumulated] = [await train(1, 2), await train(3, 2), await train(1, 4)];
  expect(one.flops_per_step).toBeGreaterThan(1e6);
  expect(three.flops_per_step).toBe(one.flops_per_step);
  expect(three.dispatches_per_step).toBe(one.dispatches_per_step);
  // Every dispatch occurs twice, except the optimiser's two.
  expect(accumulated.dispatches_per_step).toBe(2 * (one.dispatches_per_step as number) - 2);
  expect(accumulated.flops_per_step).toBeGreaterThan(1.9 * (one.flops_per_step as number));
  expect(accumulated.flops_per_step).toBeLessThan(2 * (one.flops_per_step as number));
  await opened.session.close();
});

import { expect, test } from 'vitest';
import { SubmitBudget } from '../../src/gpu/submit_budget';
import { seededFiles, smallConfigs } from '../helpers/models/seeded_model';
import {
  buildStep,
  closeTrainingBench,
  floatsOf,
  openTrainingBench,
  seededBatch,
} from '../helpers/session/training_bench';

/** A model whose matrices are larger than a tile in every dimension. */
const config = {
  ...smallConfigs.llama,
  vocab_size: 150,
  hidden_size: 80,
  intermediate_size: 136,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 96,
};

/** Runs two training steps. Returns their results, and the numbers of dispatches, submits and operations. */
async function twoSteps(budget: SubmitBudget) {
  const init = { r: 68, target_modules: 'all-linear', bias: 'all', modules_to_save: ['lm_head'] } as const;
  const bench = await openTrainingBench(seededFiles(config), [init], { budget });
  const { executor, adapters } = bench;
  const training = await buildStep(bench, seededBatch(bench, [90, 41, 67], 96));
  const before = executor.usage();
  for (const step of [1, 2]) {
    training.at({ step, microStep: 0 });
    training.runBackward();
    training.runUpdate();
  }
  const { loss, gradNorm } = await training.stats();
  const [adapter] = adapters;
  if (adapter === undefined) throw new Error('expected an adapter');
  const made = { loss, gradNorm, pool: await floatsOf(executor, adapter.pool) };
  const { dispatches, submits, flops } = executor.usage();
  training.release();
  closeTrainingBench(bench);
  return {
    made,
    dispatches: dispatches - before.dispatches,
    submits: submits - before.submits,
    flops: flops - before.flops,
  };
}

test('steps in as many pieces as possible give the same bits', async () => {
  const whole = await twoSteps(new SubmitBudget({ most: 1e15 }));
  const pieces = await twoSteps(new SubmitBudget({ most: 1 }));
  expect(pieces.made).toEqual(whole.made);
  expect(whole.made.gradNorm).toBeGreaterThan(0);
  // Matrix products and attention do nearly all of a step's work. They have at least two rows of tiles, so they can be divided.
  expect(pieces.dispatches).toBeGreaterThan(1.5 * whole.dispatches);
  expect(pieces.submits).toBeGreaterThan(pieces.dispatches - whole.dispatches);
  expect(whole.submits).toBeLessThan(whole.dispatches / 10);
  expect(pieces.flops).toBeCloseTo(whole.flops, -1);
});

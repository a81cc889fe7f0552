import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DropoutSource } from '../../../src/adapters/layers/branch_dropout';
import { overlayOf } from '../../../src/adapters/layers/overlay';
import { overlaidLayers } from '../../../src/adapters/layers/wrap';
import { Graph } from '../../../src/graph/graph';
import { constantOf } from '../../../src/models/loaded_model';
import { attention } from '../../../src/ops/attention/attention';
import { shortConv } from '../../../src/ops/convolution/short_conv';
import { CausalLm } from '../../../src/tasks/causal_lm/causal_lm';
import { packStepBlock, stepBlockValue } from '../../../src/train/steps/step_block';
import { seededFiles, smallConfigs } from '../../helpers/models/seeded_model';
import {
  closeTrainingBench,
  floatsOf,
  openTrainingBench,
  seededBatch,
  type TrainingBench,
} from '../../helpers/session/training_bench';

const MASKS = 400;

/** Returns a batch's logits at each step. With dropout, each step has its own mask. */
async function logitsOver(
  { executor, loaded, adapters }: TrainingBench,
  { steps, adapted = true, seed }: { readonly steps: number; readonly adapted?: boolean; readonly seed?: number },
): Promise<Float64Array[]> {
  const { model } = loaded;
  const batch = seededBatch({ executor, loaded, adapters, overlay: overlayOf([], []) }, [9, 6], 9);
  const { B, T } = batch;
  const overlay = overlayOf(adapters, adapted ? adapters : []);
  const g = new Graph();
  const task = new CausalLm(model);
  const inputs = task.inputs(batch);
  const block = stepBlockValue();
  const source: DropoutSource | undefined = seed === undefined ? undefined : { seed, block };
  const layers = overlaidLayers(g, loaded, overlay, { source });
  const hidden = model.hidden(g, layers, {
    value: (name) => inputs.network[name as 'input_ids' | 'position_ids'],
    constant: (name) => constantOf(loaded, name),
    attend: (_layer, q, k, v, heads) => attention(g, { q, k, v, spans: inputs.spans, B, T, ...heads }),
    convolve: (_layer, bcx, weight) => shortConv(g, { bcx, weight, spans: inputs.spans }),
  });
  const logits = model.head.logits(g, layers, hidden);
  const ready = await executor.load({ name: 'logits', steps: g.steps, outputs: [logits] });
  task.write(executor, inputs, batch);
  const results: Float64Array[] = [];
  for (let step = 1; step <= steps; step++) {
    executor.write(
      block,
      packStepBlock({ step, microStep: 0, labelled: 0, learningRate: 0, tokens: 1, beta1: 0.9, beta2: 0.999 }),
    );
    executor.run(ready);
    results.push(await floatsOf(executor, logits));
  }
  ready.release();
  const { network, ...owned } = inputs;
  executor.free([...Object.values(network), ...Object.values(owned), block]);
  return results;
}

/** Returns how far the mean of each logit is from its expected value, in standard errors. */
function errorsOff(drawn: readonly Float64Array[], expected: Float64Array): Float64Array {
  return expected.map((exact, at) => {
    const values = drawn.map((logits) => logits[at]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    return (mean - exact) / Math.sqrt(variance / values.length);
  });
}

const meanSquare = (values: Float64Array): number => values.reduce((sum, value) => sum + value ** 2, 0) / values.length;

// Only the head is wrapped, so logits are linear in the mask, and their expected values are the logits without dropout.
describe.each([0.1, 0.5])('logits of a forward pass that drops %d of the inputs', (vera_dropout) => {
  let bench: TrainingBench;
  let drawn: Float64Array[];
  let whole: Float64Array;
  let base: Float64Array;
  beforeAll(async () => {
    const init = { r: 8, target_modules: ['lm_head'], vera_dropout };
    bench = await openTrainingBench(seededFiles(smallConfigs.llama), [init]);
    drawn = await logitsOver(bench, { steps: MASKS, seed: 11 });
    [whole, base] = (
      await Promise.all([logitsOver(bench, { steps: 1 }), logitsOver(bench, { steps: 1, adapted: false })])
    ).map(([logits]) => logits!) as [Float64Array, Float64Array];
  });
  afterAll(() => closeTrainingBench(bench));

  test('are others with each mask', () => {
    expect(whole).toHaveLength(2 * 9 * 32);
    expect(new Set(drawn.map((logits) => logits.join())).size).toBe(MASKS);
  });

  test('are on average those without dropout, within five standard errors', () => {
    const off = errorsOff(drawn, whole);
    // One of the 576 means would exceed this with a probability below 1 in 1,000. The seed is fixed.
    off.forEach((errors, at) => {
      expect(Math.abs(errors), `logit ${at}`).toBeLessThanOrEqual(5);
    });
    // The logits of one token are correlated, so their mean square varies more than with independent values (χ²).
    expect(meanSquare(off)).toBeLessThan(2);
  });

  test.each([
    ['what is kept were not scaled', (p: number) => 1 - p],
    ['what is kept were scaled twice', (p: number) => 1 / (1 - p)],
  ])('would be off, and seen to be, if %s', (_what, factor) => {
    const other = whole.map((logit, at) => base[at]! + factor(vera_dropout) * (logit - base[at]!));
    const off = errorsOff(drawn, other);
    expect(Math.max(...off.map(Math.abs))).toBeGreaterThan(10);
    expect(meanSquare(off)).toBeGreaterThan(10);
  });
});

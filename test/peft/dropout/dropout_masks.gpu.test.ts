import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Step } from '../../../src/graph/step';
import {
  type AdapterFiles,
  AutoModelForCausalLM,
  Trainer,
  type TrainingArguments,
  VeraConfig,
  VeraModel,
} from '../../../src/index';
import { edited } from '../../helpers/bytes/edited';
import { randomAdapter } from '../../helpers/models/random_adapter';
import { seededFiles, smallConfigs } from '../../helpers/models/seeded_model';
import { tinyRow } from '../../helpers/models/tiny_llama';
import { weightsOf } from '../../helpers/models/tiny_training';
import { openTestSession, type TestSession } from '../../helpers/session/session';
import {
  buildStep,
  closeTrainingBench,
  memoryOf,
  openTrainingBench,
  seededBatch,
} from '../../helpers/session/training_bench';
import { runReference } from '../../reference/runner';

const { llama, gpt2 } = smallConfigs;

describe('runs of training', () => {
  let opened: TestSession;
  let files: AdapterFiles;
  const config = new VeraConfig({ r: 8, target_modules: ['q_proj', 'v_proj', 'down_proj'] });
  beforeAll(async () => {
    opened = await openTestSession();
    files = await randomAdapter(await load(opened), config, 1);
  });
  afterAll(() => opened.session.close());

  const load = ({ session }: TestSession) => AutoModelForCausalLM.from_pretrained(seededFiles(llama), { session });

  /** Trains six steps of two micro-batches each, with rows of different lengths. Returns the adapter's bytes. */
  async function trained(vera_dropout: number, args: TrainingArguments, where = opened): Promise<Uint8Array> {
    const base = await load(where);
    const begun = await edited(files, { config: (json) => Object.assign(json, { vera_dropout }) });
    const model = await VeraModel.from_pretrained(base, begun, { is_trainable: true });
    const settings = {
      max_steps: 6,
      learning_rate: 0.05,
      shuffle: false,
      per_device_train_batch_size: 2,
      gradient_accumulation_steps: 2,
      ...args,
    };
    const train_dataset = Array.from({ length: 8 }, (_, row) => tinyRow(8 + row, row));
    await new Trainer({ model, args: settings, train_dataset }).train();
    const bytes = await weightsOf(model);
    await base.dispose();
    return bytes;
  }

  test('the same seed gives the same bytes, also in another session; another seed gives others', async () => {
    const first = await trained(0.3, { seed: 5 });
    expect(await trained(0.3, { seed: 5 })).toEqual(first);
    const other = await openTestSession();
    expect(await trained(0.3, { seed: 5 }, other)).toEqual(first);
    await other.session.close();
    expect(await trained(0.3, { seed: 6 })).not.toEqual(first);
    expect(await trained(0.3, { seed: 5 + 2 ** 32 })).not.toEqual(first);
    expect(await trained(0.2, { seed: 5 })).not.toEqual(first);
  });

  test('without dropout the seed makes no difference, in rows that keep their order', async () => {
    const first = await trained(0, { seed: 5 });
    expect(await trained(0, { seed: 6 })).toEqual(first);
    expect(await trained(0.3, { seed: 5 })).not.toEqual(first);
  });
});

/**
 * Returns the gradient of λ_b with each of many masks, and without dropout. With λ_b = 0 the adapter adds nothing, so each
 * module's gradient is linear in its own mask.
 */
async function gradientsOverMasks(p: number, masks: number): Promise<{ drawn: Float64Array[]; whole: Float64Array }> {
  const init = { r: 8, target_modules: ['q_proj', 'v_proj', 'down_proj'] };
  const drawn: Float64Array[] = [];
  const bench = await openTrainingBench(seededFiles(llama), [{ ...init, vera_dropout: p }], { vectors: 0 });
  const batch = seededBatch(bench, [9, 6], 9);
  const step = await buildStep(bench, batch);
  for (let mask = 1; mask <= masks; mask++) {
    step.at({ step: mask, microStep: 0 });
    step.clear();
    step.runBackward();
    drawn.push(ofLambdaB(bench, await step.gradients(bench.adapters[0]!)));
  }
  step.release();
  closeTrainingBench(bench);

  const plain = await openTrainingBench(seededFiles(llama), [init], { vectors: 0 });
  const still = await buildStep(plain, batch);
  still.runBackward();
  const whole = ofLambdaB(plain, await still.gradients(plain.adapters[0]!));
  still.release();
  closeTrainingBench(plain);
  return { drawn, whole };
}

function ofLambdaB({ adapters }: Awaited<ReturnType<typeof openTrainingBench>>, pool: Float64Array): Float64Array {
  const slots = [...adapters[0]!.layout.slots.values()];
  return Float64Array.from(
    slots.flatMap(({ offsetB, out_features }) => [...pool.subarray(offsetB, offsetB + out_features)]),
  );
}

describe.each([0.1, 0.5])('masks that drop %d', (p) => {
  test('on average, gradients are those without dropout, within five standard errors', async () => {
    const masks = 200;
    const { drawn, whole } = await gradientsOverMasks(p, masks);
    expect(whole.length).toBe(2 * (16 + 8 + 16));
    let [squares, expected] = [0, 0];
    whole.forEach((exact, at) => {
      const values = drawn.map((gradient) => gradient[at]!);
      const mean = values.reduce((sum, value) => sum + value, 0) / masks;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (masks - 1);
      expect(variance).toBeGreaterThan(0);
      const error = Math.sqrt(variance / masks);
      // One of the 80 means would exceed this with a probability of 1 in 10,000. The seed is fixed.
      expect(Math.abs(mean - exact), `entry ${at}`).toBeLessThanOrEqual(5 * error);
      squares += ((mean - exact) / error) ** 2;
      expected += 1;
      if (at === 0) expect(new Set(values).size).toBe(masks);
    });
    // The entries of one module are correlated, so the sum of squares varies more than with independent values (χ²). A mean
    // that is wrong by the factor 1 − p would be far beyond the limit.
    expect(squares / expected).toBeLessThan(2);
    const off = whole.reduce((sum, exact, at) => {
      const values = drawn.map((gradient) => gradient[at]!);
      const mean = values.reduce((total, value) => total + value, 0) / masks;
      const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / (masks - 1);
      return sum + (mean - (1 - p) * exact) ** 2 / (variance / masks);
    }, 0);
    expect(off / expected).toBeGreaterThan(10 * (squares / expected));
  });
});

describe('the gradient of a step with dropout', () => {
  test.each([
    {
      what: 'llama, two adapters, the head among what they wrap',
      model: llama,
      inits: [
        { r: 8, target_modules: ['q_proj', 'k_proj', 'lm_head'], vera_dropout: 0.4 },
        { r: 8, target_modules: ['q_proj', 'down_proj'], vera_dropout: 0.2, modules_to_save: ['norm'] },
      ],
    },
    {
      what: 'gpt2, with biases',
      model: gpt2,
      inits: [{ r: 8, target_modules: ['c_attn', 'c_proj'], vera_dropout: 0.5, bias: 'all' as const }],
    },
  ])('$what: equals the float64 run, and that its central differences', async ({ model, inits }) => {
    const bench = await openTrainingBench(seededFiles(model), inits);
    const step = await buildStep(bench, seededBatch(bench, [9, 6], 9), { step: 3, microStep: 1, seed: 77 });
    const memory = await memoryOf(bench.executor, step.backward);
    const before = new Map([...memory].map(([value, numbers]) => [value, numbers.slice()]));
    runReference(step.backward, memory, step.chunks);
    step.runBackward();
    const losses = step.backward.find(({ kernel }) => kernel.name === 'loss_sum')!.values.losses!;
    const lossNow = (): number => {
      const run = new Map([...before].map(([value, numbers]) => [value, numbers.slice()]));
      return (
        runReference(step.backward, run, step.chunks)
          .get(losses)!
          .reduce((sum, value) => sum + value, 0) / 13
      );
    };
    for (const adapter of bench.adapters) {
      const expected = memory.get(step.state.pools.get(adapter)!.grads)!;
      const actual = await step.gradients(adapter);
      const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
      expected.forEach((value, at) => {
        expect(Math.abs(actual[at]! - value), `${at}`).toBeLessThanOrEqual(2e-5 * scale);
      });
      const pool = before.get(adapter.pool)!;
      for (let at = 3; at < adapter.layout.length; at += Math.ceil(adapter.layout.length / 12)) {
        const original = pool[at]!;
        pool[at] = original + 1e-5;
        const above = lossNow();
        pool[at] = original - 1e-5;
        const below = lossNow();
        pool[at] = original;
        expect(Math.abs((above - below) / 2e-5 - expected[at]!), `difference at ${at}`).toBeLessThanOrEqual(1e-6);
      }
    }
    step.release();
    closeTrainingBench(bench);
  });

  test('depends on seed, step and micro-step, and on nothing else', async () => {
    const init = { r: 8, target_modules: ['q_proj', 'down_proj'], vera_dropout: 0.3 };
    const bench = await openTrainingBench(seededFiles(llama), [init]);
    const batch = seededBatch(bench, [9, 6], 9);
    const gradientAt = async (at: { seed?: number; step?: number; microStep?: number; checkpointing?: boolean }) => {
      const step = await buildStep(bench, batch, at);
      step.runBackward();
      const gradient = await step.gradients(bench.adapters[0]!);
      step.release();
      return gradient;
    };
    const first = await gradientAt({ seed: 1, step: 1, microStep: 0 });
    expect(await gradientAt({ seed: 1, step: 1, microStep: 0 })).toEqual(first);
    // With gradient checkpointing, recomputed layers drop the same inputs.
    expect(await gradientAt({ seed: 1, step: 1, microStep: 0, checkpointing: true })).toEqual(first);
    for (const at of [{ seed: 2 }, { step: 2 }, { microStep: 1 }])
      expect(await gradientAt({ seed: 1, step: 1, microStep: 0, ...at })).not.toEqual(first);
    closeTrainingBench(bench);
  });

  test('draws a mask for each module of each adapter, and the same one on the way back', async () => {
    const inits = [0.2, 0.2, 0.5].map((vera_dropout) => ({ r: 8, target_modules: 'all-linear', vera_dropout }));
    const bench = await openTrainingBench(seededFiles(llama), inits);
    const step = await buildStep(bench, seededBatch(bench, [9, 6], 9));
    expectMasksOnce(step.backward, 3 * 14);
    step.release();
    closeTrainingBench(bench);
  });
});

/** Expects each mask to be drawn once in the forward pass, and at most once in the backward pass. */
function expectMasksOnce(steps: readonly Step[], count: number): void {
  const drawn = steps.filter(({ kernel }) => kernel.name === 'dropout').map(({ params }) => params.module_index!);
  const there = drawn.slice(0, count);
  expect(new Set(there).size).toBe(count);
  const back = drawn.slice(count);
  expect(back.length).toBeGreaterThan(0);
  expect(new Set(back).size).toBe(back.length);
  expect(back.filter((index) => !there.includes(index))).toEqual([]);
}

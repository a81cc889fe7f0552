import { describe, expect, test } from 'vitest';
import type { VeraAdapter } from '../../../src/adapters/vera/vera_adapter';
import { numel } from '../../../src/core/numbers/shape';
import { CausalLm } from '../../../src/tasks/causal_lm/causal_lm';
import { lossProgram } from '../../../src/train/steps/loss_program';
import { random } from '../../helpers/maths/random';
import { seededFiles, smallConfigs } from '../../helpers/models/seeded_model';
import {
  buildStep,
  closeTrainingBench,
  MAX_GRAD_NORM,
  memoryOf,
  openTrainingBench,
  seededBatch,
} from '../../helpers/session/training_bench';
import { floatOf, STATS } from '../../reference/rows/words';
import { type Memory, runReference } from '../../reference/runner';
import { alone, together } from './trained_tensor_cases';

const { llama, gpt2, opt } = smallConfigs;
const lengths = [9, 6];
const T = 9;

/** Returns the ranges of an adapter's trained values in their buffer, with names: λ_b and λ_d of each module, and trained tensors. */
function partsOf({ layout }: VeraAdapter): { name: string; start: number; end: number }[] {
  const part = (name: string, start: number, length: number) => ({ name, start, end: start + length });
  return [
    ...[...layout.slots].flatMap(([name, { out_features, offsetB, offsetD }]) => [
      part(`${name} λ_b`, offsetB, out_features),
      part(`${name} λ_d`, offsetD, layout.r),
    ]),
    ...[...layout.tensors].map(([name, { shape, offset }]) => part(name, offset, numel(shape))),
  ];
}

function expectClose(actual: Float64Array, expected: Float64Array, tolerance: number, what: string): void {
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const worst = expected.reduce((most, value, at) => Math.max(most, Math.abs(actual[at]! - value)), 0);
  expect(worst, `${what}, of order ${scale}`).toBeLessThanOrEqual(tolerance * (scale + 1e-3));
}

describe.each([...alone, ...together])('$what', ({ model, configs, trains, count }) => {
  test('one step: gradients, their norm and AdamW equal the float64 run, and nothing else moves', async () => {
    const bench = await openTrainingBench(seededFiles(model), configs);
    const { executor, adapters, loaded } = bench;
    const names = adapters.flatMap(({ tensors }) => [...tensors.keys()]);
    expect(names).toHaveLength(count);
    expect(names.filter((name) => !trains.test(name))).toEqual([]);
    const all = loaded.model.weights.map(({ name }) => name);
    if (count < 20) expect(all.length).toBeGreaterThan(count);

    const batch = seededBatch(bench, lengths, T);
    const step = await buildStep(bench, batch);
    const steps = [...step.backward, ...step.update];
    const memory = await memoryOf(executor, steps);
    const before = new Map([...memory].map(([value, numbers]) => [value, numbers.slice()]));
    runReference(step.backward, memory, step.chunks);
    step.runBackward();

    let squares = 0;
    for (const adapter of adapters) {
      const expected = memory.get(step.state.pools.get(adapter)!.grads)!;
      const actual = await step.gradients(adapter);
      squares += expected.reduce((sum, value) => sum + value * value, 0);
      for (const { name, start, end } of partsOf(adapter)) {
        const part = expected.subarray(start, end);
        const size = part.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
        // The bias of the keys adds the same to all scores of a query, so the softmax removes its effect.
        if (name.endsWith('k_proj.bias') && model.model_type === 'opt') expect(size).toBeLessThan(1e-12);
        else expect(size, `${name} learns nothing`).toBeGreaterThan(1e-6);
        expectClose(actual.subarray(start, end), part, 2e-5, `gradient of ${name}`);
      }
    }
    expectDifferences(bench, batch, step.state.block, before, memory, step.state.pools);

    // Gradients are clipped by the norm over everything that trains.
    runReference(step.update, memory);
    step.runUpdate();
    const stats = await step.stats();
    const norm = Math.sqrt(squares);
    expect(norm).toBeGreaterThan(MAX_GRAD_NORM);
    expect(Math.abs(stats.gradNorm - norm)).toBeLessThanOrEqual(1e-5 * norm);
    expect(Math.abs(stats.loss - floatOf(memory.get(step.state.stats)![STATS.loss]))).toBeLessThan(1e-5);
    const after = await memoryOf(executor, steps);
    for (const adapter of adapters) {
      const [was, is, wanted] = [before, after, memory].map((each) => each.get(adapter.pool)!) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      // AdamW's first step is about lr·sign(gradient). Entries with tiny gradients are skipped, because rounding may change
      // the sign. Weights with a gradient of zero, as for tokens that don't occur, are compared, because they only decay.
      const m = memory.get(step.state.pools.get(adapter)!.m)!.map(Math.abs);
      const least = 1e-3 * m.reduce((largest, value) => Math.max(largest, value), 0);
      let [trained, compared] = [0, 0];
      for (const { name, start, end } of partsOf(adapter)) {
        expect(is.subarray(start, end), `${name} didn't move`).not.toEqual(was.subarray(start, end));
        trained += end - start;
        for (let at = start; at < end; at++) {
          if (m[at]! < least && !(m[at] === 0 && name.endsWith('.weight'))) continue;
          compared += 1;
          expect(Math.abs(is[at]! - wanted[at]!), `${name}[${at - start}]`).toBeLessThanOrEqual(2e-5);
        }
      }
      expect(compared).toBeGreaterThan(trained / 2);
      expect(trained).toBe(adapter.layout.trainable);
    }
    const moves = new Set([...adapters.map(({ pool }) => pool), step.state.stats]);
    for (const { m, v } of step.state.pools.values()) moves.add(m).add(v);
    for (const [value, numbers] of before) {
      if (!moves.has(value)) expect(after.get(value), value.name).toEqual(numbers);
    }
    step.release();
    closeTrainingBench(bench);
  });
});

type Bench = Awaited<ReturnType<typeof openTrainingBench>>;
type Step = Awaited<ReturnType<typeof buildStep>>;

/** Compares the float64 gradients with central differences of the loss, which a program without a backward pass computes in float64. */
function expectDifferences(
  { loaded, overlay, adapters }: Bench,
  batch: Parameters<typeof lossProgram>[3] & ReturnType<typeof seededBatch>,
  block: Step['state']['block'],
  before: Memory,
  after: Memory,
  pools: Step['state']['pools'],
): void {
  const stats = [...before.keys()].find(({ name }) => name === 'step stats')!;
  const task = new CausalLm(loaded.model);
  const { program, owned } = lossProgram(task, loaded, overlay, batch, { block, stats });
  const memory: Memory = new Map([...before].map(([value, numbers]) => [value, numbers.slice()]));
  const given = new Map([...before].map(([value, numbers]) => [value.name, numbers]));
  for (const input of owned) memory.set(input, given.get(input.name)!);
  const losses = program.steps.find(({ kernel }) => kernel.name === 'loss_sum')!.values.losses!;
  const lossNow = (): number => {
    const run = runReference(program.steps, new Map(memory));
    return run.get(losses)!.reduce((sum, value) => sum + value, 0) / batch.labelled;
  };
  const next = random(3);
  for (const adapter of adapters) {
    const pool = memory.get(adapter.pool)!;
    const gradient = after.get(pools.get(adapter)!.grads)!;
    const parts = partsOf(adapter);
    // Tests a few random ranges. In each, tests the entry with the largest gradient and a random entry.
    for (const { name, start, end } of parts.filter(() => next() < 8 / parts.length)) {
      const part = gradient.subarray(start, end).map(Math.abs);
      const entries = [part.indexOf(Math.max(...part)), Math.floor(next() * part.length)];
      for (const at of entries.map((entry) => start + entry)) {
        const original = pool[at]!;
        const h = 1e-5;
        pool[at] = original + h;
        const above = lossNow();
        pool[at] = original - h;
        const below = lossNow();
        pool[at] = original;
        const difference = (above - below) / (2 * h);
        expect(Math.abs(difference - gradient[at]!), `${name}[${at - start}]`).toBeLessThanOrEqual(
          1e-6 * Math.max(1, Math.abs(difference)),
        );
      }
    }
  }
}

test.each([
  { model: llama, name: 'model.embed_tokens', learns: false },
  { model: opt, name: 'model.decoder.embed_tokens', learns: false },
  { model: { ...llama, pad_token_id: null }, name: 'model.embed_tokens', learns: true },
  // In transformers, GPT-2's embedding has no padding token.
  { model: gpt2, name: 'transformer.wte', learns: true },
])(
  'the padding token in the middle of a text of $model.model_type learns: $learns',
  async ({ model, name, learns }) => {
    const target_modules = [model.model_type === 'gpt2' ? 'c_attn' : 'q_proj'];
    const bench = await openTrainingBench(seededFiles(model), [{ r: 8, target_modules, modules_to_save: [name] }]);
    const batch = seededBatch(bench, lengths, T);
    batch.input_ids[3] = 2;
    const step = await buildStep(bench, batch);
    step.runBackward();
    const [adapter] = bench.adapters;
    const { offset, shape } = adapter!.layout.tensors.get(`${name}.weight`)!;
    const C = shape[1]!;
    const gradient = await step.gradients(adapter!);
    const row = (id: number) => gradient.subarray(offset + id * C, offset + (id + 1) * C);
    expect(row(2).some((value) => value !== 0)).toBe(learns);
    expect(row(batch.input_ids[2]!).some((value) => value !== 0)).toBe(true);
    step.release();
    closeTrainingBench(bench);
  },
);

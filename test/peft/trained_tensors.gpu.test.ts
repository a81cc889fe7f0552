import { describe, expect, test } from 'vitest';
import type { VeraConfigInit } from '../../src/adapters/vera/config';
import type { VeraAdapter } from '../../src/adapters/vera/vera_adapter';
import { numel } from '../../src/core/shape';
import { CausalLm } from '../../src/tasks/causal_lm/causal_lm';
import { lossProgram } from '../../src/train/program';
import { random } from '../helpers/random';
import { seededFiles, smallConfigs } from '../helpers/seeded_model';
import {
  buildStep,
  closeTrainingBench,
  MAX_GRAD_NORM,
  memoryOf,
  openTrainingBench,
  seededBatch,
} from '../helpers/training_bench';
import { type Memory, runReference } from '../reference/runner';
import { floatOf, STATS } from '../reference/words';

const { llama, gpt2, opt } = smallConfigs;
const untied = { tie_word_embeddings: false };

interface Case {
  readonly what: string;
  readonly model: Readonly<Record<string, unknown>> & { readonly model_type: string };
  readonly configs: readonly VeraConfigInit[];
  /** The tensors that train beside the vectors. */
  readonly trains: RegExp;
  readonly count: number;
}

const q = { r: 8, target_modules: ['q_proj'] };
const c = { r: 8, target_modules: ['c_attn'] };

const cases: readonly Case[] = [
  {
    what: "llama, bias 'all'",
    model: llama,
    configs: [{ r: 8, target_modules: ['q_proj', 'down_proj'], bias: 'all' }],
    trains: /_proj\.bias$/,
    count: 14,
  },
  {
    what: "llama, bias 'vera_only'",
    model: llama,
    configs: [{ ...q, bias: 'vera_only' }],
    trains: /q_proj\.bias$/,
    count: 2,
  },
  {
    what: 'llama, all norms, as their names end with norm',
    model: llama,
    configs: [{ ...q, modules_to_save: ['norm'] }],
    trains: /norm\.weight$/,
    count: 5,
  },
  {
    what: 'llama, a tied head',
    model: llama,
    configs: [{ ...q, modules_to_save: ['lm_head'] }],
    trains: /^lm_head\.weight$/,
    count: 1,
  },
  {
    what: 'llama, a head of its own',
    model: { ...llama, ...untied },
    configs: [{ ...q, modules_to_save: ['lm_head'] }],
    trains: /^lm_head\.weight$/,
    count: 1,
  },
  {
    what: 'llama, the embedding, while a tied head stays as it was',
    model: llama,
    configs: [{ ...q, modules_to_save: ['embed_tokens'] }],
    trains: /embed_tokens\.weight$/,
    count: 1,
  },
  {
    what: 'llama, embedding and tied head apart, the vectors of another block',
    model: llama,
    configs: [{ ...q, modules_to_save: ['embed_tokens', 'lm_head'] }],
    trains: /embed_tokens\.weight$|^lm_head/,
    count: 2,
  },
  {
    what: 'llama, MLPs whole, with biases of all the rest',
    model: llama,
    configs: [{ ...q, modules_to_save: ['mlp'], bias: 'all' }],
    trains: /\.mlp\.|\.bias$/,
    count: 20,
  },
  {
    what: 'llama, one block whole, vectors in the other alone',
    model: llama,
    configs: [{ r: 8, target_modules: ['q_proj', 'o_proj'], layers_to_transform: [0], modules_to_save: ['layers.1'] }],
    trains: /layers\.1\./,
    count: 16,
  },
  {
    what: 'gpt2, all biases and the last norm',
    model: gpt2,
    configs: [{ r: 8, target_modules: ['c_attn', 'c_proj'], bias: 'all', modules_to_save: ['ln_f'] }],
    trains: /bias$|ln_f/,
    count: 14,
  },
  {
    what: "gpt2, bias 'vera_only'",
    model: gpt2,
    configs: [{ r: 8, target_modules: ['c_attn', 'mlp.c_proj'], bias: 'vera_only' }],
    trains: /(c_attn|mlp\.c_proj)\.bias$/,
    count: 4,
  },
  {
    what: 'gpt2, MLPs whole',
    model: gpt2,
    configs: [{ ...c, modules_to_save: ['mlp'] }],
    trains: /\.mlp\./,
    count: 8,
  },
  {
    what: 'gpt2, positions and a tied head',
    model: gpt2,
    configs: [{ ...c, modules_to_save: ['wpe', 'lm_head'] }],
    trains: /wpe|lm_head/,
    count: 2,
  },
  {
    what: 'gpt2, both embeddings and a head of its own',
    model: { ...gpt2, ...untied },
    configs: [{ ...c, modules_to_save: ['wte', 'wpe', 'lm_head'] }],
    trains: /wte|wpe|lm_head/,
    count: 3,
  },
  {
    what: 'gpt2, one block whole',
    model: gpt2,
    configs: [{ ...c, layers_to_transform: [1], modules_to_save: ['h.0'] }],
    trains: /h\.0\./,
    count: 12,
  },
  {
    what: "opt, bias 'all', positions and what projects in and out",
    model: opt,
    configs: [{ ...q, bias: 'all', modules_to_save: ['embed_positions', 'project_in', 'project_out'] }],
    trains: /bias$|embed_positions|project_/,
    count: 20,
  },
  {
    what: 'opt, both norms of each block, and the embedding',
    model: opt,
    configs: [{ r: 8, target_modules: ['fc1', 'v_proj'], modules_to_save: ['layer_norm', 'embed_tokens'] }],
    trains: /layer_norm|embed_tokens/,
    count: 11,
  },
  {
    what: 'opt, norms behind the sums, a tied head and one MLP layer whole',
    model: { ...opt, do_layer_norm_before: false },
    configs: [{ ...q, modules_to_save: ['lm_head', 'fc2'], bias: 'vera_only' }],
    trains: /lm_head|fc2|q_proj\.bias/,
    count: 7,
  },
];

const together: readonly Case[] = [
  {
    what: 'llama, two adapters on the same and on other modules',
    model: llama,
    configs: [
      { r: 8, target_modules: ['q_proj', 'down_proj'], modules_to_save: ['norm'] },
      { r: 4, target_modules: ['q_proj', 'v_proj', 'lm_head'], projection_prng_key: 7, bias: 'vera_only' },
    ],
    trains: /norm|(q_proj|v_proj)\.bias/,
    count: 9,
  },
  {
    what: 'gpt2, three adapters of one key',
    model: gpt2,
    configs: [
      { r: 8, target_modules: ['c_attn'], modules_to_save: ['wte'] },
      { r: 8, target_modules: ['c_attn', 'c_proj'], bias: 'all' },
      { r: 8, target_modules: ['c_fc'], modules_to_save: ['wpe', 'lm_head'] },
    ],
    trains: /wte|bias|wpe|lm_head/,
    count: 16,
  },
];

const lengths = [9, 6];
const T = 9;

/** Each part of an adapter's pool under its name: λ_b and λ_d of a module, and trained tensors. */
function partsOf({ layout }: VeraAdapter): { name: string; start: number; end: number }[] {
  const part = (name: string, start: number, length: number) => ({ name, start, end: start + length });
  return [
    ...[...layout.slots].flatMap(([name, { out_features, lambdaB, lambdaD }]) => [
      part(`${name} λ_b`, lambdaB, out_features),
      part(`${name} λ_d`, lambdaD, layout.r),
    ]),
    ...[...layout.tensors].map(([name, { shape, offset }]) => part(name, offset, numel(shape))),
  ];
}

function expectClose(actual: Float64Array, expected: Float64Array, tolerance: number, what: string): void {
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const worst = expected.reduce((most, value, at) => Math.max(most, Math.abs(actual[at]! - value)), 0);
  expect(worst, `${what}, of order ${scale}`).toBeLessThanOrEqual(tolerance * (scale + 1e-3));
}

describe.each([...cases, ...together])('$what', ({ model, configs, trains, count }) => {
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
        // Softmax takes a bias of all keys out again.
        if (name.endsWith('k_proj.bias') && model.model_type === 'opt') expect(size).toBeLessThan(1e-12);
        else expect(size, `${name} learns nothing`).toBeGreaterThan(1e-6);
        expectClose(actual.subarray(start, end), part, 2e-5, `gradient of ${name}`);
      }
    }
    expectDifferences(bench, batch, step.state.block, before, memory, step.state.pools);

    // AdamW, clipped by the norm over all that trains.
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
      // The first step is about lr·sign(gradient): where that is next to nothing, rounding may turn it. Where it is
      // nothing, as for tokens that don't occur, the weights decay.
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

/** The float64 gradients against central differences of the float64 loss, made by another program. */
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
    // A few of each kind of part, and in each the entry that matters most and any other.
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
  // torch's GPT-2 knows no padding.
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

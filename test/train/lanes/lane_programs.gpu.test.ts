import { describe, expect, test } from 'vitest';
import { overlayOf } from '../../../src/adapters/layers/overlay';
import type { VeraConfigInit } from '../../../src/adapters/vera/config/vera_config';
import type { VeraAdapter } from '../../../src/adapters/vera/vera_adapter';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';
import { CausalLm } from '../../../src/tasks/causal_lm/causal_lm';
import { textRow } from '../../../src/tasks/causal_lm/token_row';
import { batchesInOrder, termsOf } from '../../../src/tasks/task/task_batches';
import { LanePrograms } from '../../../src/train/lanes/lane_programs';
import { createOptimizerState, type OptimizerState, optimizerValues } from '../../../src/train/steps/optimizer';
import { unpackStats } from '../../../src/train/steps/step_block';
import { StepPrograms } from '../../../src/train/steps/step_programs';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';
import { randomArray } from '../../helpers/maths/random';
import { seededFiles, smallConfigs } from '../../helpers/models/seeded_model';
import {
  closeTrainingBench,
  floatsOf,
  openTrainingBench,
  type TrainingBench,
} from '../../helpers/session/training_bench';

const config = {
  ...smallConfigs.llama,
  vocab_size: 150,
  hidden_size: 80,
  intermediate_size: 136,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 96,
};
const init = { r: 12, target_modules: 'all-linear' } as const;
const STEPS = 3;

const args = resolveTrainingArguments({
  per_device_train_batch_size: 1,
  gradient_accumulation_steps: 2,
  max_length: 64,
  weight_decay: 0.1,
  max_grad_norm: 0.05,
  adam_epsilon: 1e-3,
});

/** Makes the rows on which one person's adapter trains. Each person's rows have other lengths, so losses have other weights too. */
function rowsOf(person: number) {
  return Array.from({ length: 2 * STEPS }, (_, row) => {
    const length = 20 + ((person * 7 + row * 11) % 40);
    return textRow(
      Array.from(randomArray(length, 100 * person + row), (value) => 3 + Math.floor(((value + 1) / 2) * 147)),
    );
  });
}

interface Result {
  readonly losses: number[];
  readonly norms: number[];
  readonly pool: Float64Array | Float32Array;
}

async function statsOf({ executor }: TrainingBench, state: OptimizerState) {
  return unpackStats(await executor.read(state.stats));
}

/** Trains one person's adapter in its own run. */
async function alone(bench: TrainingBench, person: number): Promise<Result> {
  const { executor: runner, loaded, adapters } = bench;
  const adapter = adapters[person] as VeraAdapter;
  const task = new CausalLm(loaded.model);
  const state = await createOptimizerState(runner, [adapter]);
  const overlay = overlayOf([adapter], [adapter]);
  const programs = new StepPrograms({
    runner,
    loaded,
    task,
    overlay,
    adapters: [adapter],
    args,
    state,
    onCheckpointing: () => {},
  });
  await programs.load({ early: false });
  const [losses, norms]: [number[], number[]] = [[], []];
  for (let step = 1; step <= STEPS; step++) {
    const microBatches = [...batchesInOrder(task, rowsOf(person).slice(2 * step - 2, 2 * step), args)];
    const labelled = microBatches.reduce((sum, batch) => sum + termsOf(batch), 0);
    const data = { microBatches, labelled, tokens: 0, epoch: 1, startsEpoch: false, endsEpoch: false };
    await programs.queue(data, { step, learningRate: 0.01 / step });
    programs.update();
    const { loss, gradNorm } = await statsOf(bench, state);
    losses.push(loss);
    norms.push(gradNorm);
  }
  const pool = await floatsOf(runner, adapter.pool);
  await programs.release();
  runner.free(optimizerValues(state));
  return { losses, norms, pool };
}

/** Trains all people's adapters in one run. `edit` is called before each step, and may change numbers on the GPU. */
async function together(
  bench: TrainingBench,
  people: number,
  edit?: (step: number, states: readonly OptimizerState[]) => void,
): Promise<Result[]> {
  const { executor: runner, loaded, adapters } = bench;
  const own = adapters.slice(0, people);
  const task = new CausalLm(loaded.model);
  const programs = new LanePrograms({
    runner,
    loaded,
    task,
    overlay: overlayOf(own, []),
    adapters: own,
    args,
    onCheckpointing: () => {},
  });
  const states = await programs.allocate();
  await programs.load();
  const results: { losses: number[]; norms: number[] }[] = own.map(() => ({ losses: [], norms: [] }));
  for (let step = 1; step <= STEPS; step++) {
    edit?.(step, states);
    const parts = own.map((_, index) => ({
      index,
      step,
      learningRate: 0.01 / step,
      rows: rowsOf(index).slice(2 * step - 2, 2 * step),
    }));
    await programs.queue(parts);
    programs.update(parts);
    for (const [index, state] of states.entries()) {
      const { loss, gradNorm } = await statsOf(bench, state);
      results[index]?.losses.push(loss);
      results[index]?.norms.push(gradNorm);
    }
  }
  const pools = await Promise.all(own.map(({ pool }) => floatsOf(runner, pool)));
  await programs.release();
  return results.map((result, index) => ({ ...result, pool: pools[index]! }));
}

function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return Array.from(actual).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? Number.NaN))),
    0,
  );
}

const open = (people: number) => openTrainingBench(seededFiles(config), Array(people).fill(init));

/**
 * Training together rounds otherwise than training alone. In a matrix product, a sum of up to 136 terms has a relative error of
 * √136 · 2⁻²⁴ ≈ 7e-7. Some 20 matrix products follow each other: √20 · 7e-7 ≈ 3e-6 of the activations' size, and 1e-5 for the worst of
 * many. Losses are about 6, and depend on activations of about 1. Norms and gradients have the same relative error. Clipped gradients are
 * at most 0.05, so they differ by at most 5e-7. An update differs by learning_rate / adam_epsilon times as much. The rates of all steps
 * add up to 0.021: 0.021 / 1e-3 · 5e-7 ≈ 1e-5.
 */
const TOLERANCE = 1e-5;

test.each([2, 8])('%d people together have the losses, norms and vectors of their separate runs', async (people) => {
  const first = await open(people);
  const separate: Result[] = [];
  for (let person = 0; person < people; person++) separate.push(await alone(first, person));
  closeTrainingBench(first);
  const second = await open(people);
  const joint = await together(second, people);
  closeTrainingBench(second);
  for (const [person, one] of separate.entries()) {
    const { losses, norms, pool } = joint[person] as Result;
    expect(worst(losses, one.losses), `losses of ${person}`).toBeLessThan(TOLERANCE);
    expect(worst(norms, one.norms), `norms of ${person}`).toBeLessThan(TOLERANCE);
    expect(worst(pool, one.pool), `vectors of ${person}`).toBeLessThan(TOLERANCE);
    // Every step's gradients are clipped, and the steps change the vectors by much more than the tolerance.
    expect(Math.min(...norms)).toBeGreaterThan(args.max_grad_norm);
  }
});

test("one person's numbers that aren't finite leave those of another as they are, to the bit", async () => {
  const whole = await open(2);
  const expected = await together(whole, 2);
  closeTrainingBench(whole);
  const spoilt = await open(2);
  const [, ben] = spoilt.adapters;
  const found = await together(spoilt, 2, (step) => {
    if (step !== 2 || ben === undefined) return;
    spoilt.executor.write(ben.pool, new Float32Array(ben.layout.length).fill(Number.NaN));
  });
  closeTrainingBench(spoilt);
  expect(found[0]).toEqual(expected[0]);
  expect(found[1]?.losses.slice(0, 1)).toEqual(expected[1]?.losses.slice(0, 1));
  expect(found[1]?.losses.slice(1).every(Number.isNaN)).toBe(true);
});

const untied = { ...config, tie_word_embeddings: false };

describe('adapters that can not train together are refused', () => {
  test.each<[string, Partial<VeraConfigInit>, string]>([
    ['another r', { r: 16 }, 'adapter 1 has another r or other target modules than adapter 0'],
    ['other target modules', { target_modules: ['q_proj'] }, 'adapter 1 has another r or other target modules'],
    ['a dropout', { vera_dropout: 0.1 }, 'adapter 1 has a dropout'],
    ['lengths of rows', { use_dora: true }, 'adapter 1 trains lengths of rows'],
    ['biases', { bias: 'vera_only' }, 'adapter 1 trains biases or whole modules'],
    ['a head', { target_modules: ['lm_head'] }, 'they wrap lm_head, which is of the head'],
  ])('%s', async (_what, changes, message) => {
    const other = { ...init, ...changes };
    const isHead = changes.target_modules?.includes('lm_head') === true;
    const bench = await openTrainingBench(seededFiles(untied), [isHead ? other : init, other]);
    const { executor: runner, loaded, adapters } = bench;
    const overlay = overlayOf(adapters, []);
    const task = new CausalLm(loaded.model);
    const make = () => new LanePrograms({ runner, loaded, task, overlay, adapters, args, onCheckpointing: () => {} });
    expect(make).toThrow(message);
    expect(codeThrownBy(make)).toBe('invalid_argument');
    closeTrainingBench(bench);
  });
});

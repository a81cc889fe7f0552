import { beforeEach, expect, test } from 'vitest';
import type { Adapter } from '../../src/adapters/adapter';
import { WebVeraError } from '../../src/core/errors/error';
import type { RunEvent } from '../../src/core/types/run';
import { NOT_EVALUATED, NOT_HALVED, type RunSnapshot } from '../../src/core/types/snapshot';
import { pinned, type Value } from '../../src/graph/value';
import { RunRecord } from '../../src/train/saving/run_record';
import { StepRecovery } from '../../src/train/step_recovery';
import type { PoolState } from '../../src/train/steps/optimizer';
import type { StepData } from '../../src/train/training_init';
import { FakeRunner } from '../helpers/session/fake_runner';

/** A fake device that holds all written values. */
class Memory extends FakeRunner {
  readonly floats = new Map<Value, Float32Array<ArrayBuffer>>();
  override write(value?: Value, data?: ArrayBufferView): void {
    if (value !== undefined && data instanceof Float32Array) this.floats.set(value, Float32Array.from(data));
  }
  override read = async (value?: Value): Promise<ArrayBuffer> => {
    const floats = this.floats.get(value?.view?.of ?? (value as Value)) ?? new Float32Array(4);
    return floats.slice(0, value?.shape[0]).buffer;
  };
}

const parameters = pinned('pool', [4]);
const pool: PoolState = { grads: pinned('grads', [4]), m: pinned('m', [4]), v: pinned('v', [4]) };
/** An adapter with two vectors of one number each, and a trained tensor of two numbers. */
const adapter = {
  pool: parameters,
  layout: { length: 4, tensors: new Map([['bias', { offset: 2 }]]) },
} as unknown as Adapter;
const data = { tokens: 1, epoch: 1 } as StepData;
const pools = (value: number) => {
  const all = () => new Float32Array(4).fill(value);
  return [{ parameters: all(), exp_avg: all(), exp_avg_sq: all() }];
};

let runner: Memory;
let record: RunRecord;
let recovery: StepRecovery;
let events: RunEvent[];

beforeEach(async () => {
  runner = new Memory();
  runner.floats.set(parameters, new Float32Array(4).fill(-1));
  record = new RunRecord(runner, 100);
  events = [];
  const state = { pools: new Map([[adapter, pool]]), block: pinned('block', [8]), stats: pinned('stats', [8], 'u32') };
  const args = { learning_rate: 1 };
  recovery = new StepRecovery({ runner, state, args, record, emit: (event) => events.push(event) });
  await recovery.begin(undefined);
});

/** Completes all steps up to this one. With `kept`, the recovery then holds a state in which every number is the step's number. */
function reach(step: number, kept = false): void {
  for (let at = record.progress.global_step + 1; at <= step; at++) {
    recovery.passed(at);
    const stats = { loss: at, gradNorm: 1, finite: true, step: at, metrics: new Float32Array(8) };
    record.log(record.finish(at, { data, stats, learningRate: 1 }));
  }
  if (kept) recovery.hold(pools(step));
}

const fail = (step: number) =>
  recovery.goBack(new WebVeraError('numerical_error', `Step ${step}`, { detail: { step } }));
const told = () => events.flatMap((event) => (event.type === 'recovered' ? [event.repeatedSteps] : []));
const onDevice = () => [parameters, pool.m, pool.v].map((value) => runner.floats.get(value)?.[3]);

test('all values return to the beginning, with moments of zero, if no other state is held', async () => {
  reach(3);
  runner.floats.set(parameters, new Float32Array(4).fill(9));
  await fail(4);
  expect(onDevice()).toEqual([-1, 0, 0]);
  const halving = { factor: 0.5, step: 4, times: 1 };
  expect(record.snapshot()).toMatchObject({ progress: { global_step: 0, epoch: 0 }, lossSum: 0, logs: [], halving });
  expect(events).toMatchObject([
    { type: 'recovered', cause: 'numerical_error', repeatedSteps: 3, logs: [] },
    {
      type: 'warning',
      code: 'numerical_error',
      message: 'Step 4. Training continues from step 0 with a learning_rate of 0.5 in place of 1',
    },
  ]);
});

test('all values return to the last held state, with the logs before it', async () => {
  reach(2, true);
  reach(4, true);
  reach(5);
  await fail(6);
  expect(onDevice()).toEqual([4, 4, 4]);
  expect(record.snapshot()).toMatchObject({ progress: { global_step: 4 }, lossSum: 1 + 2 + 3 + 4 });
  expect(record.snapshot().logs.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  expect(told()).toEqual([1]);
});

test('values never return to a state that no step has shown to be good', async () => {
  reach(2, true);
  reach(4, true);
  await fail(5);
  expect(record.progress.global_step).toBe(2);
  // The run then reaches step 4 again. The state held there replaces the earlier state of step 4.
  reach(4, true);
  reach(5);
  await fail(6);
  expect(record.progress.global_step).toBe(4);
});

test('a state that is held twice doesn’t replace the one before it', async () => {
  reach(2, true);
  reach(4, true);
  recovery.hold(pools(4));
  await fail(5);
  expect(record.progress.global_step).toBe(2);
});

test('the rate is halved three times in a row, and then the run ends with the last good state', async () => {
  for (const _ of [1, 2, 3]) {
    reach(4);
    await fail(5);
  }
  expect(record.halving).toEqual({ factor: 1 / 8, step: 5, times: 3 });
  reach(4);
  runner.floats.set(parameters, new Float32Array(4).fill(9));
  const end = fail(5);
  await expect(end).rejects.toMatchObject({
    code: 'numerical_error',
    message: 'Step 5, though the learning rate was halved 3 times',
    hint: expect.stringContaining('The adapter holds the vectors of step 0.'),
    detail: { step: 5, kept_step: 0 },
  });
  expect(onDevice()).toEqual([-1, 0, 0]);
  expect(told()).toEqual([4, 4, 4]);
});

test('a failure before the failed step counts with it, and one after it counts from the beginning', async () => {
  await fail(5);
  await fail(3);
  expect(record.halving).toEqual({ factor: 1 / 4, step: 5, times: 2 });
  reach(5);
  await fail(6);
  expect(record.halving).toEqual({ factor: 1 / 8, step: 6, times: 1 });
});

const snapshot = (global_step: number, halving: RunSnapshot['halving'] = NOT_HALVED): RunSnapshot => ({
  progress: { global_step, max_steps: 100, epoch: 1 },
  lossSum: 1,
  logs: [],
  halving,
  evaluation: NOT_EVALUATED,
  pools: pools(global_step),
});

test('a checkpoint before the restored one, in which this adapter had done more steps, is no state to return to', async () => {
  const restored = { ...snapshot(4), checkpoint: 'checkpoint-4', before: snapshot(7) };
  record.restore(restored);
  await recovery.begin(restored);
  await fail(5);
  expect(onDevice()).toEqual([4, 4, 4]);
  expect(record.progress.global_step).toBe(4);
});

test('earlier halvings count when a run is restored', async () => {
  const halving = { factor: 1 / 8, step: 5, times: 3 };
  const restored = { ...snapshot(4, halving), checkpoint: 'checkpoint-4', before: snapshot(2, halving) };
  record.restore(restored);
  await recovery.begin(restored);
  await expect(fail(5)).rejects.toMatchObject({ detail: { kept_step: 2 } });
  expect(onDevice()).toEqual([2, 2, 2]);
});

test.each([10_001, -10_001, Number.NaN])('vectors of %s can be neither a held state nor a result', async (value) => {
  reach(2, true);
  reach(4);
  const error = expect.objectContaining({
    code: 'numerical_error',
    message: `Step 4: expected vectors with values of at most 10000, got ${value}`,
    detail: { step: 4 },
  });
  expect(() => recovery.hold(pools(value))).toThrow(error);
  runner.floats.set(parameters, Float32Array.of(0, value, 0, 0));
  await expect(recovery.check()).rejects.toEqual(error);
  // A run that ends with too large vectors returns to an earlier state. In this test, no further steps follow.
  const gone: unknown[] = [];
  await recovery.run(async () => {}, { drain: async () => {}, onReturn: async (state) => void gone.push(state) });
  expect(record.progress.global_step).toBe(2);
  expect(gone).toEqual([pools(2)]);
});

test('trained tensors besides vectors may be larger', async () => {
  reach(2);
  const large = pools(1);
  large[0]?.parameters.fill(1e6, 2);
  recovery.hold(large);
  reach(4);
  runner.floats.set(parameters, Float32Array.of(1, 1, 1e6, 1e6));
  await recovery.check();
  await fail(5);
  expect(record.progress.global_step).toBe(2);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WebVeraError } from '../../src/core/errors/error';
import { NOT_EVALUATED, NOT_HALVED } from '../../src/core/types/snapshot';
import type { StepLogs } from '../../src/core/types/training';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../../src/formats/checkpoint';
import { readSafetensors, writeSafetensors } from '../../src/formats/tensors/safetensors';

const adapter = {
  vendor: 'v',
  architecture: 'a',
  description: 'd',
  features: ['subgroups'],
  limits: { maxBufferSize: 1 },
};
const pool = (value: number, length: number) => ({
  parameters: new Float32Array(length).fill(value),
  exp_avg: new Float32Array(length).fill(value / 3),
  exp_avg_sq: new Float32Array(length).fill(value * 1e-38),
});
const checkpoint: Checkpoint = {
  run: 'f00d',
  version: '0.0.1',
  args: { learning_rate: 0.01, completion_only_loss: null },
  kernels: { version: 'v1', adapter, variants: { linear: 'wide' } },
  snapshot: {
    progress: { global_step: 3, max_steps: 8, epoch: 3 / 7 },
    lossSum: 0.1 + 0.2,
    logs: [
      {
        step: 1,
        loss: 1 / 3,
        grad_norm: 0.1,
        learning_rate: 1e-2,
        tokens_per_second: Number.POSITIVE_INFINITY,
        seconds_left: 0,
      },
      { step: 3, loss: 2 / 3, grad_norm: 0.2, learning_rate: 2e-2, tokens_per_second: 7, seconds_left: 1e-9 },
    ],
    halving: { factor: 0.25, step: 2, times: 2 },
    evaluation: {
      logs: [
        { step: 1, epoch: 1 / 7, metrics: { eval_loss: 0.1, accuracy: Number.NaN } },
        { step: 2, epoch: 2 / 7, metrics: { eval_loss: 1 / 3, accuracy: 1 } },
      ],
      best: { step: 1, metric: 0.1, parameters: [new Float32Array(8).fill(0.5), new Float32Array(4).fill(-1)] },
      stale: 1,
    },
    pools: [pool(1.1, 8), pool(-2, 4)],
  },
};
const lengths = [8, 4];
const bytes = writeCheckpoint(checkpoint);
const progress = checkpoint.snapshot.progress;

/** Returns the checkpoint file with a changed state, or without the tensor `drop`. */
function changed(patch: (state: Record<string, unknown>) => object, drop = ''): Uint8Array<ArrayBuffer> {
  const { tensors, metadata } = readSafetensors(bytes);
  const state = JSON.parse(metadata.get('checkpoint')!) as Record<string, unknown>;
  const text = JSON.stringify({ ...state, ...patch(state) });
  return writeSafetensors(
    [...tensors].filter(([name]) => name !== drop),
    new Map([['checkpoint', text]]),
  );
}

/** Returns the checkpoint file with a log tensor of another shape and without bytes. */
function withLogs(shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const { tensors, metadata } = readSafetensors(bytes);
  const logs = { dtype: 'F64', shape, bytes: new Uint8Array() } as const;
  return writeSafetensors(new Map([...tensors, ['log_history', logs] as const]), metadata);
}

describe('a checkpoint', () => {
  test('is read as it was written, to the bit', () => {
    expect(readCheckpoint(bytes, lengths)).toEqual(checkpoint);
    // A step's logs may lack a field that other steps' logs have.
    const logs = checkpoint.snapshot.logs.map(
      (log, index): StepLogs =>
        index === 0
          ? { ...log, 'rewards/chosen': 0.1, 'logps/chosen': -40, kl: 0 }
          : { ...log, 'rewards/rejected': -0.2, kl: 1 / 3 },
    );
    const measured = { ...checkpoint, snapshot: { ...checkpoint.snapshot, logs } };
    expect(readCheckpoint(writeCheckpoint(measured), lengths)).toEqual(measured);
    const bare = { ...checkpoint, snapshot: { ...checkpoint.snapshot, logs: [] } };
    expect(readCheckpoint(writeCheckpoint(bare), lengths)).toEqual(bare);
  });

  test('of a run that compares its model with the base', () => {
    const reference = Float32Array.of(-12.5, Number.NaN, -1 / 3, Number.NaN);
    const whole = { ...checkpoint, snapshot: { ...checkpoint.snapshot, reference } };
    const written = writeCheckpoint(whole);
    expect(readCheckpoint(written, lengths)).toEqual(whole);
    const { tensors, metadata } = readSafetensors(written);
    const wide = [...tensors].map(
      ([name, tensor]) => [name, name === 'reference' ? { ...tensor, shape: [2, 2] } : tensor] as const,
    );
    const others = writeSafetensors(wide, metadata);
    expect(() => readCheckpoint(others, lengths)).toThrow('reference: expected F32 [n], got F32 [2,2]');
  });

  test('of several adapters has the record of each, which older code refuses', () => {
    const { pools, ...record } = checkpoint.snapshot;
    const best = { step: 2, metric: 1, parameters: [new Float32Array(4).fill(2)] };
    const first = { ...record, evaluation: NOT_EVALUATED, logs: [] };
    const second = { ...record, halving: NOT_HALVED, evaluation: { ...record.evaluation, best } };
    const joint = { ...checkpoint, snapshot: { ...first, lanes: [first, second], pools } };
    const written = writeCheckpoint(joint);
    expect(readCheckpoint(written, lengths)).toEqual(joint);
    const state = JSON.parse(readSafetensors(written).metadata.get('checkpoint')!) as { format: number };
    expect(state.format).toBe(4);
    expect(() => readCheckpoint(written, [...lengths, 4])).toThrow();
  });

  test('of a run whose rate was never halved, or from an older version', () => {
    const whole = { ...checkpoint, snapshot: { ...checkpoint.snapshot, halving: NOT_HALVED } };
    expect(readCheckpoint(writeCheckpoint(whole), lengths)).toEqual(whole);
    const first = changed(() => ({ format: 1, halving: undefined, evaluation: undefined }));
    expect(readCheckpoint(first, lengths)).toEqual({
      ...whole,
      snapshot: { ...whole.snapshot, evaluation: NOT_EVALUATED },
    });
  });

  test('of a run without values of its best evaluation', () => {
    const { evaluation } = checkpoint.snapshot;
    const best = { step: 1, metric: 0.1, parameters: undefined };
    const bare = { ...checkpoint, snapshot: { ...checkpoint.snapshot, evaluation: { ...evaluation, best } } };
    expect(readCheckpoint(writeCheckpoint(bare), lengths)).toEqual(bare);
  });

  test('of a run that went back to its beginning', () => {
    const start = { ...checkpoint.snapshot, progress: { global_step: 0, max_steps: 8, epoch: 0 }, logs: [] };
    const file = writeCheckpoint({ ...checkpoint, snapshot: start });
    expect(readCheckpoint(file, lengths).snapshot).toEqual(start);
  });

  test('is a safetensors file by torch’s names', () => {
    expect([...readSafetensors(bytes).tensors.keys()].sort()).toEqual([
      '0.best',
      '0.exp_avg',
      '0.exp_avg_sq',
      '0.parameters',
      '1.best',
      '1.exp_avg',
      '1.exp_avg_sq',
      '1.parameters',
      'log_history',
    ]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('is not made of %s', (value) => {
    const pools = [pool(1, 8), { ...pool(1, 4), exp_avg_sq: Float32Array.of(0, 0, 0, value) }];
    const broken = { ...checkpoint, snapshot: { ...checkpoint.snapshot, pools } };
    expect(() => writeCheckpoint(broken)).toThrow(expect.objectContaining({ code: 'numerical_error' }));
  });

  test.each<[string, Uint8Array, readonly number[]]>([
    ['for more adapters', bytes, [8, 4, 4]],
    ['for another length', bytes, [8, 8]],
    ['without a tensor', changed(() => ({}), '1.exp_avg'), lengths],
    ['without its logs', changed(() => ({}), 'log_history'), lengths],
    ['whose logs have a third dimension of none', withLogs([2 ** 32, 6, 0]), lengths],
    ['of a later format', changed(() => ({ format: 5 })), lengths],
    ['without a version', changed(() => ({ version: 1 })), lengths],
    ['without a run', changed(() => ({ run: undefined })), lengths],
    ['with fewer steps than none', changed(() => ({ ...progress, global_step: -1 })), lengths],
    ['with a rate that grows', changed(() => ({ halving: { factor: 2, step: 1, times: 1 } })), lengths],
    ['with a rate of none', changed(() => ({ halving: { factor: 0, step: 1, times: 1 } })), lengths],
    ['halved at no step', changed(() => ({ halving: { factor: 0.5, step: 0, times: 1 } })), lengths],
    ['evaluated without a list', changed(() => ({ evaluation: { logs: {}, stale: 0 } })), lengths],
    ['evaluated less than never', changed(() => ({ evaluation: { logs: [], stale: -1 } })), lengths],
    ['whose best has no metric', changed(() => ({ evaluation: { logs: [], stale: 0, best: { step: 1 } } })), lengths],
    ['whose best has half of its values', changed(() => ({}), '1.best'), lengths],
    ['with a fraction of a step', changed(() => ({ global_step: 1.5 })), lengths],
    ['without a loss', changed(() => ({ loss_sum: null })), lengths],
    ['with a list of arguments', changed(() => ({ args: [] })), lengths],
    ['without its state', writeSafetensors(readSafetensors(bytes).tensors), lengths],
  ])('is refused %s', (_, file, expected) => {
    expect(() => readCheckpoint(file, expected)).toThrow(expect.objectContaining({ code: 'invalid_format' }));
  });

  test('with impossible kernels is refused', () => {
    const file = changed(() => ({ kernels: { version: 1 } }));
    expect(() => readCheckpoint(file, lengths)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  test('that is cut off or changed anywhere is refused, or differs in its numbers alone', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, xor, cuts) => {
        const file = cuts ? bytes.slice(0, at) : bytes.slice();
        if (!cuts) file[at]! ^= xor;
        try {
          expect(readCheckpoint(file, lengths).snapshot.pools).toHaveLength(2);
        } catch (error) {
          expect(error).toBeInstanceOf(WebVeraError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

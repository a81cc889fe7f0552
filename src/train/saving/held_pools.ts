import { LARGEST_VALUE } from '../../adapters/config/largest_value';
import { WebVeraError } from '../../core/errors/error';
import type { PoolSnapshot } from '../../core/types/snapshot';
import type { Runner } from '../../graph/runner';
import type { OptimizerState } from '../steps/optimizer';
import { readPieces } from './pools';

/** The trained state of one adapter, held in Blobs because browsers can hold large Blobs outside of memory. */
export interface HeldPool {
  readonly parameters: Blob;
  /** Null before the first step, when all moments are zeros. */
  readonly moments: Readonly<Record<'exp_avg' | 'exp_avg_sq', Blob>> | null;
}

export function holdPools(pools: readonly PoolSnapshot[]): HeldPool[] {
  return pools.map(({ parameters, exp_avg, exp_avg_sq }) => ({
    parameters: new Blob([parameters]),
    moments: { exp_avg: new Blob([exp_avg]), exp_avg_sq: new Blob([exp_avg_sq]) },
  }));
}

/** Holds the state before the first step. Reads it in pieces, so that only one piece is in memory at a time. */
export async function holdInitialPools(runner: Runner, { pools }: OptimizerState): Promise<readonly HeldPool[]> {
  return Promise.all(
    [...pools.keys()].map(async ({ pool }) => {
      const parts: Blob[] = [];
      for await (const piece of readPieces(runner, pool)) parts.push(new Blob([piece]));
      return { parameters: new Blob(parts), moments: null };
    }),
  );
}

export async function readHeldPools(pools: readonly HeldPool[]): Promise<readonly PoolSnapshot[]> {
  return Promise.all(
    pools.map(async ({ parameters: blob, moments }) => {
      const parameters = await floatsOf(blob);
      const moment = async (name: 'exp_avg' | 'exp_avg_sq'): Promise<Float32Array<ArrayBuffer>> =>
        moments === null ? new Float32Array(parameters.length) : floatsOf(moments[name]);
      return { parameters, exp_avg: await moment('exp_avg'), exp_avg_sq: await moment('exp_avg_sq') };
    }),
  );
}

/**
 * Throws `numerical_error` for parameters that aren't finite or are too large: an adapter with such values could be saved, but not loaded.
 */
export function expectStorable(parameters: Float32Array, step: number): void {
  const wrong = parameters.find((value) => !(Math.abs(value) <= LARGEST_VALUE));
  if (wrong === undefined) return;
  const message = `Step ${step}: expected vectors with values of at most ${LARGEST_VALUE}, got ${wrong}`;
  throw new WebVeraError('numerical_error', message, { hint: 'Use a lower learning_rate.', detail: { step } });
}

async function floatsOf(blob: Blob): Promise<Float32Array<ArrayBuffer>> {
  return new Float32Array(await blob.arrayBuffer());
}

import { WebVeraError } from '../../core/errors/error';
import { numel } from '../../core/numbers/shape';
import type { PoolSnapshot } from '../../core/types/snapshot';
import type { Runner } from '../../graph/runner';
import { type Value, viewOf } from '../../graph/value';
import type { OptimizerState } from '../steps/optimizer';

/**
 * The number of bytes per read from the GPU. Larger pools (buffers of an adapter's trained parameters) aren't copied while steps run,
 * because the copy would take memory that the steps may need.
 */
export const PIECE = 2 ** 20;

/** Restores a saved state. It also clears the step statistics, so that AdamW updates the pools again after a failed step. */
export function restorePools(runner: Runner, state: OptimizerState, pools: readonly PoolSnapshot[]): void {
  runner.write(state.stats, new Uint32Array(numel(state.stats.shape)));
  for (const [index, [{ pool }, { m, v }]] of [...state.pools].entries()) {
    const saved = pools[index];
    if (saved === undefined) throw new WebVeraError('internal', `There is no state ${index} to restore`);
    runner.write(pool, saved.parameters);
    runner.write(m, saved.exp_avg);
    runner.write(v, saved.exp_avg_sq);
  }
}

/** Reads the trained state. Pools that fit in one piece are copied immediately; larger pools must not change until they are read. */
export function readPools(runner: Runner, { pools }: Pick<OptimizerState, 'pools'>): Promise<readonly PoolSnapshot[]> {
  return Promise.all(
    [...pools].map(async ([{ pool }, { m, v }]) => {
      const read = (value: Value): Promise<Float32Array<ArrayBuffer>> => readInPieces(runner, value);
      const [parameters, exp_avg, exp_avg_sq] = await Promise.all([read(pool), read(m), read(v)]);
      return { parameters, exp_avg, exp_avg_sq };
    }),
  );
}

async function readInPieces(runner: Runner, value: Value): Promise<Float32Array<ArrayBuffer>> {
  const floats = new Float32Array(numel(value.shape));
  let end = 0;
  for await (const piece of readPieces(runner, value)) {
    floats.set(piece, end);
    end += piece.length;
  }
  return floats;
}

/** Reads a value in pieces. The first piece is copied immediately. */
export async function* readPieces(
  runner: Runner,
  value: Value,
  end = numel(value.shape),
): AsyncGenerator<Float32Array<ArrayBuffer>> {
  for (let start = 0; start < end; start += PIECE / 4) {
    const length = Math.min(PIECE / 4, end - start);
    yield new Float32Array(await runner.read(viewOf(value, value.name, [length], start)), 0, length);
  }
}

import type { Adapter } from '../../adapters/adapter';
import { parametersEnd } from '../../adapters/pool/pool_layout';
import { WebVeraError } from '../../core/errors/error';
import type { Runner } from '../../graph/runner';
import { readFloats } from '../models/loading/file_order';

/**
 * Sets an adapter's own parameters to (1 − share) · their values + share · the values of another adapter. Biases and whole modules don't
 * change. Throws `invalid_argument` if the other adapter has different parameters.
 */
export async function mixAdapters(runner: Runner, into: Adapter, other: Adapter, share: number): Promise<void> {
  const layouts = [into, other].map(({ layout }) => JSON.stringify([...layout.parameters]));
  if (layouts[0] !== layouts[1]) {
    throw new WebVeraError(
      'invalid_argument',
      `Expected an adapter with the parameters of ${into.name}, got ${other.name}`,
    );
  }
  const [values, others] = await Promise.all([readFloats(runner, into.pool), readFloats(runner, other.pool)]);
  const end = parametersEnd(into.layout);
  const mixed = values.map((value, at) => (at < end ? (1 - share) * value + share * (others[at] ?? 0) : value));
  runner.write(into.pool, mixed);
}

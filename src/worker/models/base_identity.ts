import { Digest } from '../../core/input/digest';
import { rowsAndColumns } from '../../core/numbers/shape';
import type { Runner } from '../../graph/runner';
import { byteLength, shardsOf, storageOf, type Value } from '../../graph/value';
import type { LoadedModel } from '../../models/loaded_model';

/** The number of 32-bit words that are sampled at the start of a tensor's first and last row, to distinguish tensors of the same shape. */
const SAMPLE = 64;

/**
 * Returns a base model's fingerprint: a hash of the names, shapes and samples of its tensors. A new head in place of the files' own doesn't
 * change it, because an adapter that trains the head has all of the head's values.
 */
export async function baseIdentity(
  { weights, identity }: Pick<LoadedModel, 'weights' | 'identity'>,
  runner: Pick<Runner, 'readAll'>,
): Promise<string> {
  if (identity !== undefined) return identity;
  const digest = new Digest();
  const tensors = inOrder(weights);
  await digest.add(new TextEncoder().encode(JSON.stringify(tensors.map(describeTensor))));
  await digest.add(new Uint8Array(await runner.readAll(tensors.flatMap(([, value]) => samplesOf(value)))));
  return digest.end();
}

/** Returns the tensors sorted by name, so that the order doesn't depend on loading. */
export function inOrder(weights: ReadonlyMap<string, Value>): [string, Value][] {
  return [...weights].sort(([a], [b]) => (a < b ? -1 : 1));
}

export function describeTensor([name, { shape, dtype }]: readonly [string, Value]): unknown[] {
  return [name, shape, dtype];
}

/** Returns views of the start of a tensor's first row and of its last row. */
export function samplesOf(value: Value): Value[] {
  const shards = shardsOf(value).map((shard) => shard.value);
  const [first, last] = [shards[0] ?? value, shards.at(-1) ?? value];
  return [sample(first, 0), sample(last, rowsAndColumns(last.shape).rows - 1)];
}

function sample(value: Value, row: number): Value {
  const { columns } = rowsAndColumns(value.shape);
  const words = storageOf(value).bytes([columns]) / 4;
  const length = Math.max(4, Math.min(SAMPLE, 4 * Math.floor(words / 4)));
  const begin = Math.min(Math.floor(row * words), byteLength(value) / 4 - length);
  const { of, offset } = value.view ?? { of: value, offset: 0 };
  return { name: value.name, shape: [length], dtype: 'u32', pinned: true, view: { of, offset: offset + begin } };
}

import type { Executor } from '../../src/gpu/executor';
import { Graph } from '../../src/graph/graph';
import type { LoadedProgram } from '../../src/graph/runner';
import { byteLength, pinned, storageOf, type Value } from '../../src/graph/value';
import { zeros } from '../../src/ops/fill';
import { emitLinear } from '../../src/ops/products/linear';

/** Two simple dispatches, for comparison with those of a step. */
export interface PlainProgram {
  /** Both dispatches. The first does almost nothing. The second multiplies one row by a matrix, so it does little but read the matrix. */
  readonly loaded: LoadedProgram;
  /** The size of the matrix in bytes. */
  readonly bytes: number;
}

/** Loads both dispatches. The matrix has the storage format and row length of `like`, and as many rows as fit in `bytes` and a binding. */
export async function loadPlain(executor: Executor, like: Value, bytes: number): Promise<PlainProgram> {
  const K = like.shape[1] ?? 0;
  const rowBytes = storageOf(like).bytes([K]);
  const rows = Math.max(1, Math.floor(Math.min(bytes, executor.maxBindingBytes - 16) / rowBytes));
  const matrix = pinned('plain matrix', [rows, K], like.dtype);
  const x = pinned('plain row', [1, K]);
  for (const value of [matrix, x]) executor.write(value, tenths(value));
  const g = new Graph();
  zeros(g, [4]);
  emitLinear(g, x, matrix);
  return { loaded: await executor.load({ name: 'plain', steps: g.steps, outputs: [] }), bytes: rows * rowBytes };
}

/** Returns the bytes of a matrix whose elements are all about 0.1. A device may multiply zeros faster. */
function tenths(matrix: Value): Uint8Array<ArrayBuffer> {
  const [, K = 0] = matrix.shape;
  const row = new Uint8Array(storageOf(matrix).encode(new Float32Array(K).fill(0.1), [1, K]).buffer);
  const bytes = new Uint8Array(byteLength(matrix));
  for (let at = 0; at + row.length <= bytes.length; at += row.length) bytes.set(row, at);
  return bytes;
}

import type { Executor } from '../../src/gpu/executor';
import { Graph } from '../../src/graph/graph';
import type { LoadedProgram } from '../../src/graph/runner';
import { byteLength, pinned, storageOf, type Value } from '../../src/graph/value';
import { zeros } from '../../src/ops/fill';
import { emitLinear } from '../../src/ops/products/linear';

/** Dispatches that a step is compared with. */
export interface PlainProgram {
  /** A dispatch that does next to nothing, and one that does little but read a matrix: the product of one row with it. */
  readonly loaded: LoadedProgram;
  /** Bytes of the matrix. */
  readonly bytes: number;
}

/** The bits of 0.1, or of packed values of about that size, in each storage. */
const NUMBERS = { f32: 0x3dcccccd, f16: 0x2e662e66, bf16: 0x3dcd3dcd, q8: 0x12661266, q4: 0x2e662e66, u32: 0x3dcccccd };

/** The matrix has the storage and the row length of `like`, and `bytes` in all, or as many as a binding holds. */
export async function loadPlain(executor: Executor, like: Value, bytes: number): Promise<PlainProgram> {
  const K = like.shape[1] ?? 0;
  const rowBytes = storageOf(like).bytes([K]);
  const rows = Math.max(1, Math.floor(Math.min(bytes, executor.maxBindingBytes - 16) / rowBytes));
  const matrix = pinned('plain matrix', [rows, K], like.dtype);
  const x = pinned('plain row', [1, K]);
  // A device may multiply zeros faster.
  for (const value of [matrix, x]) {
    executor.write(value, new Uint32Array(byteLength(value) / 4).fill(NUMBERS[value.dtype]));
  }
  const g = new Graph();
  zeros(g, [4]);
  emitLinear(g, x, matrix);
  return { loaded: await executor.load({ name: 'plain', steps: g.steps, outputs: [] }), bytes: rows * rowBytes };
}

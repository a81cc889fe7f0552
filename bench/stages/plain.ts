import type { Executor } from '../../src/gpu/executor';
import { Graph } from '../../src/graph/graph';
import type { LoadedProgram } from '../../src/graph/runner';
import { byteLength, pinned, storageOf, type Value } from '../../src/graph/value';
import { zeros } from '../../src/ops/fill';
import { emitLinear } from '../../src/ops/products/linear';

/** What a step is compared with. */
export interface PlainProgram {
  /** A dispatch that does next to nothing, and one that does little but read: a row times one matrix. */
  readonly loaded: LoadedProgram;
  /** Of the matrix. */
  readonly bytes: number;
}

/** A tenth; of packed numbers some that are about as large. */
const NUMBERS = { f32: 0x3dcccccd, f16: 0x2e662e66, bf16: 0x3dcd3dcd, q8: 0x12661266, q4: 0x2e662e66, u32: 0x3dcccccd };

/** The matrix is stored as `like` is, with rows as long, and has `bytes` in all, or as many as can be bound. */
export async function loadPlain(executor: Executor, like: Value, bytes: number): Promise<PlainProgram> {
  const K = like.shape[1] ?? 0;
  const rowBytes = storageOf(like).bytes([K]);
  const rows = Math.max(1, Math.floor(Math.min(bytes, executor.maxBindingBytes - 16) / rowBytes));
  const matrix = pinned('plain matrix', [rows, K], like.dtype);
  const x = pinned('plain row', [1, K]);
  // Not zeros, as a device may be quicker with them.
  for (const value of [matrix, x]) {
    executor.write(value, new Uint32Array(byteLength(value) / 4).fill(NUMBERS[value.dtype]));
  }
  const g = new Graph();
  zeros(g, [4]);
  emitLinear(g, x, matrix);
  return { loaded: await executor.load({ name: 'plain', steps: g.steps, outputs: [] }), bytes: rows * rowBytes };
}

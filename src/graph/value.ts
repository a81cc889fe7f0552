import { WebVeraError } from '../core/error';
import { ceilDiv, numel, roundUp, rowsAndColumns, type Shape } from '../core/shape';
import { type Storage, type StorageName, storages } from '../core/storage';

/** Numbers as one of the storages has them, or whole ones. */
export type DType = StorageName | 'u32';

/**
 * A tensor in a program. It owns no memory: the planner gives transient values slots that others reuse; a pinned
 * value (weights, trained vectors, caches, inputs) has memory of its own that outlives the run. Compared by identity.
 */
export interface Value {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly pinned: boolean;
  /** Set where the value is a part of another's memory. */
  readonly view?: View;
  /** Set where the value is other values, concatenated. */
  readonly parts?: readonly Part[];
  /** Set where the value is larger than a binding may be: it has no memory, its rows lie in these. */
  readonly shards?: readonly Shard[];
  /** Set where the value is a constant table: each program that uses it writes it as it is loaded, and frees it with itself. */
  readonly content?: Uint32Array<ArrayBuffer>;
}

interface View {
  /** A pinned value that is no view itself. */
  readonly of: Value;
  /** Where the part begins: a 32-bit word, a multiple of `VIEW_ALIGNMENT` where it is bound. */
  readonly offset: number;
}

export interface Part {
  /** A transient value that is part of no other. */
  readonly value: Value;
  /** Where it begins: an element, a multiple of `VIEW_ALIGNMENT`. */
  readonly offset: number;
}

/** Consecutive rows of a pinned matrix. */
interface Shard {
  /** A pinned value. */
  readonly value: Value;
  /** Which of the matrix's rows is its first: a multiple of `SHARD_ROWS`. */
  readonly first: number;
}

/** Shards have multiples of so many rows: whole tiles of a product, along its columns or along its K. */
export const SHARD_ROWS = 64;

/** Bindings begin at multiples of 256 bytes. */
export const VIEW_ALIGNMENT = 64;

export function pinned(name: string, shape: Shape, dtype: DType = 'f32'): Value {
  return { name, shape, dtype, pinned: true };
}

/**
 * A pinned matrix. Where it has more than `maxBytes`, its rows lie in shards that don't, of about one size; left whole if
 * `SHARD_ROWS` rows are too many already.
 */
export function pinnedMatrix(name: string, shape: Shape, dtype: DType, maxBytes: number): Value {
  const whole = pinned(name, shape, dtype);
  const { rows, columns } = rowsAndColumns(shape);
  const most = SHARD_ROWS * Math.floor(maxBytes / byteLength(pinned(name, [SHARD_ROWS, columns], dtype)));
  if (byteLength(whole) <= maxBytes || most === 0) return whole;
  const count = roundUp(ceilDiv(rows, ceilDiv(rows, most)), SHARD_ROWS);
  const shards: Shard[] = [];
  for (let first = 0; first < rows; first += count) {
    const end = Math.min(first + count, rows);
    shards.push({ value: pinned(`${name}, rows ${first} to ${end - 1}`, [end - first, columns], dtype), first });
  }
  return { ...whole, shards };
}

/** The shards of a matrix: one with all its rows where it isn't split. */
export function shardsOf(value: Value): readonly Shard[] {
  return value.shards ?? [{ value, first: 0 }];
}

/** A part of a pinned f32 value under a name and shape of its own. It is freed with the whole. */
export function viewOf(of: Value, name: string, shape: Shape, offset: number): Value {
  if (!of.pinned || of.view !== undefined || of.dtype !== 'f32' || offset % VIEW_ALIGNMENT !== 0) {
    throw new WebVeraError('internal', `${name}: ${of.name} can't be viewed from element ${offset}`);
  }
  return { name, shape, dtype: 'f32', pinned: true, view: { of, offset } };
}

/** A table that a program reads: its memory comes and goes with the program. */
export function constant(name: string, shape: Shape, content: Uint32Array<ArrayBuffer>): Value {
  return { name, shape, dtype: 'u32', pinned: true, content };
}

export function transient(name: string, shape: Shape, dtype: DType = 'f32'): Value {
  return { name, shape, dtype, pinned: false };
}

/** Transient f32 values, concatenated: each begins where a binding may. */
export function joined(name: string, values: readonly Value[]): Value & { readonly parts: readonly Part[] } {
  const parts: Part[] = [];
  let end = 0;
  for (const value of values) {
    const offset = roundUp(end, VIEW_ALIGNMENT);
    parts.push({ value, offset });
    end = offset + roundUp(numel(value.shape), 4);
  }
  return { name, shape: [end], dtype: 'f32', pinned: false, parts };
}

/** A transient vector of f32 that grows while a program is being built, and the function that takes more of it. */
export function growing(name: string): { readonly value: Value; take(count: number): number } {
  const shape = [0];
  const take = (count: number): number => {
    const [start = 0] = shape;
    shape[0] = start + count;
    return start;
  };
  return { value: transient(name, shape), take };
}

/** Bytes of a value's buffer: whole `vec4`s, so that shaders may read four at a time. */
export function byteLength({ dtype, shape }: Pick<Value, 'dtype' | 'shape'>): number {
  const bytes = dtype === 'u32' ? 4 * numel(shape) : storages[dtype].bytes(shape);
  return Math.max(16, roundUp(bytes, 16));
}

/** How a value's numbers are stored. Throws `internal` for whole ones. */
export function storageOf({ name, dtype }: Pick<Value, 'name' | 'dtype'>): Storage {
  if (dtype !== 'u32') return storages[dtype];
  throw new WebVeraError('internal', `${name}: expected numbers, got u32`);
}

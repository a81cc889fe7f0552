import { WebVeraError } from '../core/errors/error';
import { ceilDiv, numel, roundUp, rowsAndColumns, type Shape } from '../core/numbers/shape';
import { type Storage, storages } from '../core/numbers/storage';
import type { StorageName } from '../core/numbers/storage_names';

/** The data type of a value: a storage format of real numbers, or unsigned integers. */
export type DType = StorageName | 'u32';

/**
 * A tensor in a program, compared by identity. A transient value uses a buffer that the planner assigns and that other values reuse. A
 * pinned value (weights, trained vectors, caches, inputs) has its own memory, which outlives the run.
 */
export interface Value {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly pinned: boolean;
  /** Set if the value is a part of another value's memory. */
  readonly view?: View;
  /** Set if the value is a concatenation of other values. */
  readonly parts?: readonly JoinedPart[];
  /** Set if the value is larger than a binding may be: its rows are stored in these shards, and the value itself has no memory. */
  readonly shards?: readonly Shard[];
  /** Set if the value is a constant table: each program that uses the table writes it while loading, and frees it when released. */
  readonly content?: Uint32Array<ArrayBuffer>;
}

interface View {
  /** The pinned value whose memory the view shares. It isn't a view itself. */
  readonly of: Value;
  /** The offset in 32-bit words: a multiple of `VIEW_ALIGNMENT` if the view is bound to a kernel. */
  readonly offset: number;
}

interface JoinedPart {
  /** A transient value. A value is a part of at most one concatenation. */
  readonly value: Value;
  /** The offset in elements: a multiple of `VIEW_ALIGNMENT`. */
  readonly offset: number;
}

export type JoinedValue = Value & { readonly parts: readonly JoinedPart[] };

/** Consecutive rows of a pinned matrix. */
interface Shard {
  /** The pinned value that stores these rows. */
  readonly value: Value;
  /** The index of the shard's first row in the matrix: a multiple of `SHARD_ROWS`. */
  readonly first: number;
}

/**
 * The number of rows of each shard, except the last, is a multiple of this. Thus no tile of a matrix product spans two shards, whether the
 * shards' rows are columns of the result or positions of the inner dimension K.
 */
export const SHARD_ROWS = 64;

/** The alignment of bound views in 32-bit words: WebGPU requires offsets that are multiples of 256 bytes. */
export const VIEW_ALIGNMENT = 64;

export function pinned(name: string, shape: Shape, dtype: DType = 'f32'): Value {
  return { name, shape, dtype, pinned: true };
}

/**
 * Creates a pinned matrix. If it is larger than `maxBytes`, its rows are split into smaller shards of about equal size. It stays whole if
 * even `SHARD_ROWS` rows are larger than `maxBytes`.
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

/** Returns the shards of a matrix; a matrix that isn't split is its own only shard. */
export function shardsOf(value: Value): readonly Shard[] {
  return value.shards ?? [{ value, first: 0 }];
}

/** Creates a view into a pinned f32 value, with its own name and shape. It is freed with that value. */
export function viewOf(of: Value, name: string, shape: Shape, offset: number): Value {
  if (!of.pinned || of.view !== undefined || of.dtype !== 'f32' || offset % VIEW_ALIGNMENT !== 0) {
    throw new WebVeraError('internal', `${name}: ${of.name} can't be viewed from element ${offset}`);
  }
  return { name, shape, dtype: 'f32', pinned: true, view: { of, offset } };
}

/** Returns the pinned value that owns the memory: the viewed value for a view, else the value itself. */
export function wholeOf(value: Value): Value {
  return value.view?.of ?? value;
}

/**
 * Creates pinned f32 values of the given shapes, by name. They are placed side by side in as few buffers as the largest binding allows, so
 * that one dispatch can process many of them.
 */
export function pinnedTogether(name: string, shapes: ReadonlyMap<string, Shape>, maxBytes: number): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const { size, places } of sideBySide(shapes, maxBytes / 4)) {
    const whole = pinned(name, [size]);
    for (const { key, shape, offset } of places) values.set(key, viewOf(whole, `${name}: ${key}`, shape, offset));
  }
  return values;
}

interface BufferRow {
  size: number;
  readonly places: { readonly key: string; readonly shape: Shape; readonly offset: number }[];
}

/** Assigns shapes to buffers of at most `maxSize` floats. A larger shape gets a buffer of its own. */
function sideBySide(shapes: ReadonlyMap<string, Shape>, maxSize: number): BufferRow[] {
  const rows: BufferRow[] = [];
  for (const [key, shape] of shapes) {
    const size = roundUp(numel(shape), VIEW_ALIGNMENT);
    let row = rows.at(-1);
    if (row === undefined || row.size + size > maxSize) {
      row = { size: 0, places: [] };
      rows.push(row);
    }
    row.places.push({ key, shape, offset: row.size });
    row.size += size;
  }
  return rows;
}

/** Creates a constant table that a program reads. Its memory is allocated and freed with the program. */
export function constant(name: string, shape: Shape, content: Uint32Array<ArrayBuffer>): Value {
  return { name, shape, dtype: 'u32', pinned: true, content };
}

export function transient(name: string, shape: Shape, dtype: DType = 'f32'): Value {
  return { name, shape, dtype, pinned: false };
}

/** Concatenates transient f32 values. Each begins at a multiple of `VIEW_ALIGNMENT`, so that it can be bound. */
export function joined(name: string, values: readonly Value[]): JoinedValue {
  const parts: JoinedPart[] = [];
  let end = 0;
  for (const value of values) {
    const offset = roundUp(end, VIEW_ALIGNMENT);
    parts.push({ value, offset });
    end = offset + roundUp(numel(value.shape), 4);
  }
  return { name, shape: [end], dtype: 'f32', pinned: false, parts };
}

/** Returns a value, and its parts if it is a concatenation. */
export function withParts(value: Value): Value[] {
  return [value, ...(value.parts ?? []).map((part) => part.value)];
}

/** Creates a transient f32 vector that grows while a program is built. `take` appends `count` elements and returns their offset. */
export function growing(name: string): { readonly value: Value; take(count: number): number } {
  const shape = [0];
  const take = (count: number): number => {
    const [start = 0] = shape;
    shape[0] = start + count;
    return start;
  };
  return { value: transient(name, shape), take };
}

/** Returns the size of a value's buffer in bytes, rounded up to whole `vec4`s, so that shaders may read four elements at a time. */
export function byteLength({ dtype, shape }: Pick<Value, 'dtype' | 'shape'>): number {
  const bytes = dtype === 'u32' ? 4 * numel(shape) : storages[dtype].bytes(shape);
  return Math.max(16, roundUp(bytes, 16));
}

/** Returns the storage format of a value. Throws `internal` for u32. */
export function storageOf({ name, dtype }: Pick<Value, 'name' | 'dtype'>): Storage {
  if (dtype !== 'u32') return storages[dtype];
  throw new WebVeraError('internal', `${name}: expected numbers, got u32`);
}

import { WebVeraError } from '../../core/errors/error';
import { byteLength, type Value, wholeOf } from '../../graph/value';

/** A range of a buffer, in bytes. */
export interface BufferRange {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** The buffers of pinned values: one for each value that isn't a view. */
export class PinnedBuffers {
  readonly #buffers = new Map<Value, GPUBuffer>();
  readonly #create: (value: Value) => GPUBuffer;

  constructor(create: (value: Value) => GPUBuffer) {
    this.#create = create;
  }

  get isEmpty(): boolean {
    return this.#buffers.size === 0;
  }

  has(value: Value): boolean {
    return this.#buffers.has(wholeOf(value));
  }

  /** Returns the range of a value in its buffer, which is created on first use. */
  place(value: Value): BufferRange {
    if (value.shards !== undefined) throw new WebVeraError('internal', `${value.name} has no memory but its shards'`);
    const owner = wholeOf(value);
    const buffer = this.#buffers.get(owner) ?? this.#create(owner);
    this.#buffers.set(owner, buffer);
    const offset = 4 * (value.view?.offset ?? 0);
    const size = byteLength(value);
    if (offset + size <= buffer.size) return { buffer, offset, size };
    throw new WebVeraError('internal', `${value.name} ends behind ${owner.name}, a part of which it should be`);
  }

  /** Removes a value's buffer and returns it; undefined for a view, which has no buffer of its own. */
  take(value: Value): GPUBuffer | undefined {
    const buffer = this.#buffers.get(value);
    this.#buffers.delete(value);
    return buffer;
  }
}

/**
 * Whether one dispatch may bind both ranges. If a dispatch writes a buffer, WebGPU allows other bindings of that buffer only if they are
 * writable too and the ranges don't overlap. Firefox doesn't check this.
 */
export function mayShare(
  a: BufferRange & { readonly writes: boolean },
  b: BufferRange & { readonly writes: boolean },
): boolean {
  if (a.buffer !== b.buffer || (!a.writes && !b.writes)) return true;
  const apart = a.offset + a.size <= b.offset || b.offset + b.size <= a.offset;
  return a.writes && b.writes && apart;
}

interface Slot {
  readonly buffer: GPUBuffer;
  users: number;
}

/**
 * The buffers for transient values, one for each slot of a memory plan. Programs never run at the same time, so all programs share them.
 */
export class SlotPool {
  readonly #create: (bytes: number) => GPUBuffer;
  readonly #destroy: (buffer: GPUBuffer) => void;
  #slots: Slot[] = [];

  constructor(create: (bytes: number) => GPUBuffer, destroy: (buffer: GPUBuffer) => void) {
    this.#create = create;
    this.#destroy = destroy;
  }

  /** The total size of all buffers in bytes. */
  get bytes(): number {
    return this.#slots.reduce((sum, { buffer }) => sum + buffer.size, 0);
  }

  /** Assigns each size a buffer of its own. The largest sizes are matched first, so that small sizes don't occupy large buffers. */
  take(sizes: readonly number[]): GPUBuffer[] {
    const order = sizes.map((bytes, index) => ({ bytes, index })).toSorted((a, b) => b.bytes - a.bytes);
    const unused = this.#slots.toSorted((a, b) => a.buffer.size - b.buffer.size);
    const taken: GPUBuffer[] = [];
    for (const { bytes, index } of order) {
      const at = unused.findIndex(({ buffer }) => buffer.size >= bytes);
      const slot = at >= 0 ? unused.splice(at, 1)[0] : this.#add(bytes);
      if (slot === undefined) continue;
      slot.users += 1;
      taken[index] = slot.buffer;
    }
    return taken;
  }

  release(buffers: readonly GPUBuffer[]): void {
    const given = new Set(buffers);
    for (const slot of this.#slots) if (given.has(slot.buffer)) slot.users -= 1;
    for (const { buffer } of this.#slots.filter(({ users }) => users === 0)) this.#destroy(buffer);
    this.#slots = this.#slots.filter(({ users }) => users > 0);
  }

  #add(bytes: number): Slot {
    const slot = { buffer: this.#create(bytes), users: 0 };
    this.#slots.push(slot);
    return slot;
  }
}

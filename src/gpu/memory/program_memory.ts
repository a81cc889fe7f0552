import { planMemory } from '../../graph/plan';
import type { Program } from '../../graph/runner';
import type { Step } from '../../graph/step';
import { byteLength, type Value } from '../../graph/value';
import { COPY_DST, UNIFORM } from '../flags';
import type { DeviceMemory } from './device_memory';
import type { BufferRange } from './pinned_buffers';

export const PARAMS_STRIDE = 256;
const SMALLER_BATCH = 'Use a smaller batch or max_length, a smaller model, or one stored in float16.';

/** The buffers of a program. */
export interface ProgramMemory {
  /** `Params` of all steps, one after the other. */
  readonly params: GPUBuffer;
  /** The buffers of the program's constant tables. Their contents aren't written yet. */
  readonly constants: ReadonlyMap<Value, GPUBuffer>;
  /** Returns the buffer range of a value. Missing pinned buffers are created. */
  placeOf(value: Value): BufferRange | undefined;
}

/**
 * Allocates the memory of a new program. Appends to `held` the functions that free it, even if it throws. Throws `limit_exceeded` for
 * values that can't be bound.
 */
export function takeMemory(program: Program, memory: DeviceMemory, held: (() => void)[]): ProgramMemory {
  const { steps, outputs, name } = program;
  const plan = planMemory(steps, outputs);
  for (const [{ name, shape }, slot] of plan.slotOf) {
    memory.limits.checkBytes(`${name} (${shape.join(', ')})`, plan.slotBytes[slot] ?? 0, SMALLER_BATCH);
  }
  const slots = memory.slots.take(plan.slotBytes);
  held.push(() => memory.slots.release(slots));
  const constants = takeConstants(steps, memory, held);
  const params = memory.create(`${name} params`, Math.max(1, steps.length) * PARAMS_STRIDE, UNIFORM | COPY_DST);
  held.push(() => memory.destroy(params));
  const placeOf = (value: Value): BufferRange | undefined => {
    const constant = constants.get(value);
    if (constant !== undefined) return { buffer: constant, offset: 0, size: constant.size };
    if (value.pinned) return memory.pinned.place(value);
    const buffer = slots[plan.slotOf.get(value) ?? -1];
    const offset = plan.offsetOf.get(value);
    if (offset !== undefined) return buffer && { buffer, offset: 4 * offset, size: byteLength(value) };
    return buffer && { buffer, offset: 0, size: buffer.size };
  };
  return { params, constants, placeOf };
}

function takeConstants(steps: readonly Step[], memory: DeviceMemory, held: (() => void)[]): Map<Value, GPUBuffer> {
  const buffers = new Map<Value, GPUBuffer>();
  for (const value of steps.flatMap(({ values }) => Object.values(values))) {
    if (value.content === undefined || buffers.has(value)) continue;
    const buffer = memory.createFor(value);
    held.push(() => memory.destroy(buffer));
    buffers.set(value, buffer);
  }
  return buffers;
}

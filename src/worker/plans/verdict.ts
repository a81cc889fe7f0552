import type { Estimate, GpuBytes, MemoryBudget } from '../../core/types/estimate';

export type Verdict = Pick<Estimate, 'verdict' | 'reasons'>;

/** A device's limits, as far as they are known. */
export interface DeviceCapacity {
  /** The size in bytes of the largest buffer that the device can bind. */
  readonly bindingBytes: number;
  readonly memory: MemoryBudget;
}

const RANKS: readonly Estimate['verdict'][] = ['fits', 'tight', 'does-not-fit'];

export function isBetter(one: Verdict, other: Verdict): boolean {
  return RANKS.indexOf(one.verdict) < RANKS.indexOf(other.verdict);
}

/**
 * The share of the GPU memory that a run may take, if the memory's size is certain. Above it, other programs may not leave enough memory.
 */
const COMFORT = 3 / 4;

/** Judges whether a run fits. Only the GPU's limits, or a memory size that is certain, can prove that it doesn't fit. */
export function judge(
  { total, largest_buffer }: Pick<GpuBytes, 'total' | 'largest_buffer'>,
  { bindingBytes, memory }: DeviceCapacity,
): Verdict {
  const needs = `The run takes ${inMiB(total)} of GPU memory`;
  if (largest_buffer > bindingBytes) {
    const reason = `The largest buffer has ${inMiB(largest_buffer)}, this GPU binds ${inMiB(bindingBytes)}`;
    return { verdict: 'does-not-fit', reasons: [reason] };
  }
  const isSure = memory.from === 'given' || memory.from === 'ios';
  if (isSure && total > memory.bytes)
    return { verdict: 'does-not-fit', reasons: [`${needs}, ${OF[memory.from]} ${inMiB(memory.bytes)}`] };
  if (total <= (isSure ? COMFORT : 1) * memory.bytes) return { verdict: 'fits', reasons: [] };
  return { verdict: 'tight', reasons: [`${needs}, ${OF[memory.from]} ${inMiB(memory.bytes)}`] };
}

const OF: Readonly<Record<MemoryBudget['from'], string>> = {
  given: 'of',
  ios: 'and iOS leaves a page about',
  device: 'and half of what the browser says this device has is',
  unknown: 'and the browser tells nothing of what there is: many devices have no more than',
};

function inMiB(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

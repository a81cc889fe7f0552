import type { Step } from './graph';

/** What tells a dispatch's work: where they are equal, so is the time that it takes. */
export type Sized = Pick<Step, 'kernel' | 'params'>;

/** Whether it is part of a run of the first so many chunks: what belongs to none is part of every run. */
export function inChunks(chunks: number): (one: Pick<Step, 'chunk'>) => boolean {
  return ({ chunk }) => chunk === undefined || chunk < chunks;
}

/** Floating-point operations of all of them. */
export function totalFlops(all: readonly Sized[]): number {
  return all.reduce((sum, { kernel, params }) => sum + kernel.flops(params), 0);
}

/** Equal for dispatches of one kernel that do equal work in different places. */
export function workKey({ kernel, params }: Sized): string {
  const counting = Object.entries(kernel.params).filter(([, type]) => type !== 'place');
  return [kernel.name, ...counting.map(([name]) => `${name}=${params[name]}`)].join(' ');
}

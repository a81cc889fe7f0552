import type { Step } from './step';

/** The kernel and params of a dispatch. They determine its work: dispatches with equal kernel and params take equal time. */
export type Sized = Pick<Step, 'kernel' | 'params'>;

/** Returns a test of whether a step belongs to a run of the first `chunks` chunks. Steps outside chunks belong to every run. */
export function inChunks(chunks: number): (one: Pick<Step, 'chunk'>) => boolean {
  return ({ chunk }) => chunk === undefined || chunk < chunks;
}

export function totalFlops(all: readonly Sized[]): number {
  return all.reduce((sum, { kernel, params }) => sum + kernel.flops(params), 0);
}

/** Returns a key that is equal for dispatches of the same kernel with equal work. Params of type `place` (offsets) don't affect the key. */
export function workKey({ kernel, params }: Sized): string {
  const counting = Object.entries(kernel.params).filter(([, type]) => type !== 'place');
  return [kernel.name, ...counting.map(([name]) => `${name}=${params[name]}`)].join(' ');
}

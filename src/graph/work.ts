import type { Step } from './step';

/** The kernel and params of a dispatch, which determine its work: equal ones take equal time. */
export type Sized = Pick<Step, 'kernel' | 'params'>;

/** Tests whether a step belongs to a run of the first `chunks` chunks. Steps outside chunks belong to every run. */
export function inChunks(chunks: number): (one: Pick<Step, 'chunk'>) => boolean {
  return ({ chunk }) => chunk === undefined || chunk < chunks;
}

export function totalFlops(all: readonly Sized[]): number {
  return all.reduce((sum, { kernel, params }) => sum + kernel.flops(params), 0);
}

/** A key that is equal for dispatches of one kernel with equal work: only their `place` params may differ. */
export function workKey({ kernel, params }: Sized): string {
  const counting = Object.entries(kernel.params).filter(([, type]) => type !== 'place');
  return [kernel.name, ...counting.map(([name]) => `${name}=${params[name]}`)].join(' ');
}

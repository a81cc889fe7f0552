import type { Step } from './graph';

/** What tells a dispatch's work: where they are equal, so is the time that it takes. */
export type Sized = Pick<Step, 'kernel' | 'params'>;

/** Says where something lies in its buffers, not how large it is. */
const PLACE = /^(offset.*|start|[bd]\d|at\d?|module_index|first_stream|seed.*)$/;

/** Equal for dispatches of one kernel that do equal work in different places. */
export function workKey({ kernel, params }: Sized): string {
  const sizes = Object.keys(kernel.params).filter((name) => !PLACE.test(name));
  return [kernel.name, ...sizes.map((name) => `${name}=${params[name]}`)].join(' ');
}

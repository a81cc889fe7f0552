import type { Kernel, Params, ParamTypes } from '../../core/kernels/kernel';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { flatKernel } from '../shader_kernel';

type NoNumbers = Readonly<Record<never, 'f32'>>;

interface ElementwiseInit<P extends ParamTypes = NoNumbers> {
  readonly name: string;
  /** Further shader files that the kernel needs. */
  readonly with: readonly string[];
  /** The number of floating-point operations for each element. */
  readonly flops: number;
  /** The numbers that the function has besides x, such as a slope. Default: none. */
  readonly numbers?: P;
}

const FORWARD = { x: 'read', y: 'write' } as const;
const BACKWARD = { x: 'read', dy: 'read', dx: 'write' } as const;

/** Defines the kernel of a function of single elements: y = f(x). */
export function elementwiseForward<const P extends ParamTypes = NoNumbers>(init: ElementwiseInit<P>) {
  return flatKernel({ bindings: FORWARD, ...inFours(init) });
}

/** Defines the kernel of the gradient of a function of single elements: dx = dy · f′(x). */
export function elementwiseBackward<const P extends ParamTypes = NoNumbers>(init: ElementwiseInit<P>) {
  return flatKernel({ bindings: BACKWARD, ...inFours(init) });
}

/** Defines the kernel of a function of pairs of elements, one of which comes from a gate: y = f(gate, up). */
export function gatedForward(init: ElementwiseInit) {
  return flatKernel({ bindings: { gate: 'read', up: 'read', y: 'write' }, ...inFours(init) });
}

/** Defines the kernel that computes the gradients of gate and up, for a function as in `gatedForward`. */
export function gatedBackward(init: ElementwiseInit) {
  const bindings = { gate: 'read', up: 'read', dy: 'read', d_gate: 'write', d_up: 'write' } as const;
  return flatKernel({ bindings, ...inFours(init) });
}

/** Returns the record of a kernel in which each thread computes four elements, without its bindings. */
function inFours<const P extends ParamTypes>({ flops, numbers, ...init }: ElementwiseInit<P>) {
  return {
    ...init,
    params: { size: 'size', ...numbers } as { readonly size: 'size' } & P,
    threads: ({ size }: { readonly size: number }) => size / 4,
    flops: ({ size }: { readonly size: number }) => flops * size,
  } as const;
}

/** Computes f(x) for each element of x, with its gradient. `params`: the number of elements, and the function's numbers. */
export function elementwise<P extends ParamTypes>(
  g: Graph,
  x: Value,
  forward: Kernel<typeof FORWARD, P>,
  backward: Kernel<typeof BACKWARD, P>,
  params: Params<P>,
): Value {
  const { y } = g.emit(forward, { x }, { y: x.shape }, params);
  g.differentiate(y, [x], (dy, [toX]) => [passOn(g, g.emit(backward, { x, dy }, { dx: x.shape }, params).dx, toX)]);
  return y;
}

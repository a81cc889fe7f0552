import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { flatKernel } from '../shader_kernel';

interface ElementwiseInit {
  readonly name: string;
  /** Further shader files that the kernel needs. */
  readonly with: readonly string[];
  /** The number of floating-point operations for each element. */
  readonly flops: number;
}

/** Defines the kernel of a function of single elements: y = f(x). */
export function elementwiseForward({ flops, ...init }: ElementwiseInit) {
  return flatKernel({ ...init, bindings: { x: 'read', y: 'write' }, ...inFours(flops) });
}

/** Defines the kernel of the gradient of such a function: dx = dy · f′(x). */
export function elementwiseBackward({ flops, ...init }: ElementwiseInit) {
  return flatKernel({ ...init, bindings: { x: 'read', dy: 'read', dx: 'write' }, ...inFours(flops) });
}

/** Defines the kernel of a function of pairs of elements, one of which comes from a gate: y = f(gate, up). */
export function gatedForward({ flops, ...init }: ElementwiseInit) {
  return flatKernel({ ...init, bindings: { gate: 'read', up: 'read', y: 'write' }, ...inFours(flops) });
}

/** Defines the kernel of both gradients of such a function. */
export function gatedBackward({ flops, ...init }: ElementwiseInit) {
  const bindings = { gate: 'read', up: 'read', dy: 'read', d_gate: 'write', d_up: 'write' } as const;
  return flatKernel({ ...init, bindings, ...inFours(flops) });
}

/** The part of a record that says that each thread computes four elements. */
function inFours(flops: number) {
  return {
    params: { size: 'size' },
    threads: ({ size }: { readonly size: number }) => size / 4,
    flops: ({ size }: { readonly size: number }) => flops * size,
  } as const;
}

/** Computes f(x) for each element of x, with its gradient. */
export function elementwise(
  g: Graph,
  x: Value,
  forward: ReturnType<typeof elementwiseForward>,
  backward: ReturnType<typeof elementwiseBackward>,
): Value {
  const size = numel(x.shape);
  const { y } = g.emit(forward, { x }, { y: x.shape }, { size });
  g.differentiate(y, [x], (dy, [toX]) => [passOn(g, g.emit(backward, { x, dy }, { dx: x.shape }, { size }).dx, toX)]);
  return y;
}

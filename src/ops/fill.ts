import { numel, type Shape } from '../core/numbers/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { flatKernel } from './shader_kernel';

export const fillKernel = flatKernel({
  name: 'fill',
  bindings: { y: 'write' },
  params: { size: 'size', value: 'f32' },
  threads: ({ size }) => size / 4,
});

/** Creates an f32 value of zeros, for kernels that update only a part of it. */
export function zeros(g: Graph, shape: Shape): Value {
  return filled(g, shape, 0);
}

/** Creates an f32 value in which each element is `value`. */
export function filled(g: Graph, shape: Shape, value: number): Value {
  return g.emit(fillKernel, {}, { y: shape }, { size: numel(shape), value }).y;
}

export const clearKernel = flatKernel({
  name: 'clear',
  bindings: { y: 'update' },
  params: { size: 'size' },
  threads: ({ size }) => size / 4,
});

/** Sets a pinned f32 value to zeros, as after its allocation. */
export function clear(g: Graph, value: Value): void {
  g.emit(clearKernel, { y: value }, {}, { size: numel(value.shape) });
}

import clearWgsl from '../../shaders/clear.wgsl?raw';
import wgsl from '../../shaders/fill.wgsl?raw';
import flatIndex from '../../shaders/lib/flat_index.wgsl?raw';
import { defineKernel, flatGrid } from '../core/kernels/kernel';
import { numel, type Shape } from '../core/numbers/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';

export const fillKernel = defineKernel({
  name: 'fill',
  bindings: { y: 'write' },
  params: { size: 'size', value: 'f32' },
  variants: [{ wgsl: [wgsl, flatIndex], workgroups: ({ size }) => flatGrid(Math.ceil(size / 4)) }],
});

/** A new f32 value of zeros, for kernels that update a part of it. */
export function zeros(g: Graph, shape: Shape): Value {
  return g.emit(fillKernel, {}, { y: shape }, { size: numel(shape), value: 0 }).y;
}

export const clearKernel = defineKernel({
  name: 'clear',
  bindings: { y: 'update' },
  params: { size: 'size' },
  variants: [{ wgsl: [clearWgsl, flatIndex], workgroups: ({ size }) => flatGrid(Math.ceil(size / 4)) }],
});

/** Sets a pinned f32 value to zeros, as after its allocation. */
export function clear(g: Graph, value: Value): void {
  g.emit(clearKernel, { y: value }, {}, { size: numel(value.shape) });
}

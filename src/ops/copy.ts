import wgsl from '../../shaders/copy.wgsl?raw';
import flatIndex from '../../shaders/lib/flat_index.wgsl?raw';
import { WebVeraError } from '../core/errors/error';
import { defineKernel, flatGrid } from '../core/kernels/kernel';
import { numel } from '../core/numbers/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';

export const copyKernel = defineKernel({
  name: 'copy',
  bindings: { source: 'read', destination: 'update' },
  params: { size: 'size', offset: 'place' },
  variants: [{ wgsl: [wgsl, flatIndex], workgroups: ({ size }) => flatGrid(size) }],
});

/**
 * target[offset + i] = source[i] for all elements of the source: both f32 or both u32, of any shape, and in different memory. The target's
 * other elements stay unchanged. Has no gradient: throws `internal` if either value trains.
 */
export function copyInto(g: Graph, source: Value, target: Value, offset: number): void {
  const size = numel(source.shape);
  if (g.trains(source) || g.trains(target)) throw new WebVeraError('internal', `copy: ${source.name} has no gradient`);
  if (source.dtype !== target.dtype || (source.dtype !== 'f32' && source.dtype !== 'u32')) {
    throw new WebVeraError(
      'invalid_argument',
      `copy: expected two f32 or two u32 values, got ${source.dtype} into ${target.dtype}`,
    );
  }
  if (!(Number.isInteger(offset) && offset >= 0 && offset + size <= numel(target.shape))) {
    throw new WebVeraError(
      'invalid_argument',
      `copy: expected room for ${size} elements at ${offset}, got ${numel(target.shape)} in all`,
    );
  }
  g.emit(copyKernel, { source, destination: target }, {}, { size, offset });
}

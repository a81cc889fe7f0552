import { WebVeraError } from '../core/errors/error';
import { numel } from '../core/numbers/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { flatKernel } from './shader_kernel';

export const copyKernel = flatKernel({
  name: 'copy',
  bindings: { source: 'read', destination: 'update' },
  params: { size: 'size', offset: 'place' },
  threads: ({ size }) => size,
});

/**
 * target[offset + i] = source[i] for all elements of the source. Both are f32 or both u32, of any shape, and in different memory. The
 * target's other elements stay unchanged. Has no gradient: throws `internal` if either value is trained.
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

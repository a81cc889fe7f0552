import { numel } from '../../src/core/shape';
import type { Value } from '../../src/graph/value';

/** Numbers that differ, as a device may be quicker with zeros. */
export function waves({ shape }: Value): Float32Array<ArrayBuffer> {
  return new Float32Array(numel(shape)).map((_, i) => Math.sin(i));
}

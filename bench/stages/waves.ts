import { numel } from '../../src/core/numbers/shape';
import type { Value } from '../../src/graph/value';

/** Returns varied elements for a value, because a device may multiply zeros faster. */
export function waves({ shape }: Value): Float32Array<ArrayBuffer> {
  return new Float32Array(numel(shape)).map((_, i) => Math.sin(i));
}

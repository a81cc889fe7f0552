import { expectShape } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { shaderKernel } from '../shader_kernel';

export const sequenceLogpsKernel = shaderKernel({
  name: 'sequence_logps',
  bindings: { losses: 'read', sequences: 'read', logps: 'write' },
  params: { B: 'size' },
  variants: [{ wgsl: ['sequence_logps', 'one_thread_sum'], workgroups: ({ B }) => [B] }],
});

/**
 * Computes the log probability of each sequence (B): minus the sum of its token losses, which `crossEntropy` gives. `sequences` u32 (B, 2)
 * has the range of each sequence in `losses`: its first entry, and one past its last. Has no gradient.
 */
export function sequenceLogps(g: Graph, losses: Value, sequences: Value): Value {
  const [B = 0] = sequences.shape;
  expectShape('sequence_logps sequences', sequences.shape, [B, 2]);
  return g.emit(sequenceLogpsKernel, { losses, sequences }, { logps: [B] }, { B }).logps;
}

import generationBlock from '../../shaders/lib/generation_block.wgsl?raw';
import gumbel from '../../shaders/lib/gumbel.wgsl?raw';
import philox from '../../shaders/lib/philox.wgsl?raw';
import serial from '../../shaders/lib/sample_serial.wgsl?raw';
import workgroup from '../../shaders/lib/sample_workgroup.wgsl?raw';
import wgsl from '../../shaders/sample.wgsl?raw';
import { defineKernel } from '../core/kernel';
import { ceilDiv, expectShape, numel, rowsAndColumns } from '../core/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';

/** How often the logits are counted at most. */
const COUNTS = 16;

const parts = [wgsl, generationBlock, philox, gumbel];

export const sampleKernel = defineKernel({
  name: 'sample',
  bindings: { logits: 'read', block: 'update', ids: 'update', positions: 'update', history: 'update' },
  params: { B: 'size', V: 'size', S: 'size' },
  variants: [
    { name: 'workgroup', wgsl: [...parts, workgroup], workgroups: ({ B }) => [B] },
    {
      name: 'serial',
      wgsl: [...parts, serial],
      workgroups: ({ B }) => [ceilDiv(B, 4)],
      turns: ({ V }) => COUNTS * V,
    },
  ],
  // The counts, and the final pass.
  flops: ({ B, V }) => 60 * B * V,
});

/** Where B sequences stand, all u32. */
export interface SampleState {
  /** (B): receives the token. */
  readonly ids: Value;
  /** (B): receives its position. */
  readonly positions: Value;
  /** (B·S): receives the token too, at the sequence's `count`; what exceeds S is dropped. */
  readonly history: Value;
  /** (B·8): a `GenerationBlock` of shaders/lib/generation_block.wgsl per sequence. */
  readonly block: Value;
}

/**
 * Chooses the next token of each sequence from its row of logits (≥ B, V), and moves the block on: position and count
 * grow by one, and the row becomes the sequence's own of a decoding step. So decoding needs no word from the host.
 *
 * The noise of a draw depends on seed, position and token alone: the same seed gives the same text, in any sequence.
 */
export function sample(g: Graph, logits: Value, state: SampleState): void {
  const { columns: V } = rowsAndColumns(logits.shape);
  const B = numel(state.ids.shape);
  expectShape('sample positions', state.positions.shape, state.ids.shape);
  expectShape('sample block', [numel(state.block.shape)], [8 * B]);
  g.emit(sampleKernel, { logits, ...state }, {}, { B, V, S: numel(state.history.shape) / B });
}

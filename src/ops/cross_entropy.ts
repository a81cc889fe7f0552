import wgsl from '../../shaders/cross_entropy.wgsl?raw';
import serialWgsl from '../../shaders/cross_entropy_serial.wgsl?raw';
import stepBlock from '../../shaders/lib/step_block.wgsl?raw';
import { defineKernel } from '../core/kernel';
import { ceilDiv, expectShape } from '../core/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { type RowLosses, type RowLossInputs, rowLosses } from './row_losses';
import { serialVariants } from './row_variants';

const params = { start: 'place', count: 'size', V: 'size', has_gradient: 'u32' } as const;

export const crossEntropyKernel = defineKernel({
  name: 'cross_entropy',
  bindings: { logits: 'update', targets: 'read', block: 'read', losses: 'update' },
  params,
  variants: [
    { wgsl: [wgsl, stepBlock], workgroups: ({ count }) => [count] },
    ...serialVariants<typeof params>({
      wgsl: [serialWgsl, stepBlock],
      rowLength: ({ V }) => V,
      workgroups: ({ count }) => [ceilDiv(count, 8)],
    }),
  ],
  flops: ({ count, V, has_gradient }) => count * V * (has_gradient ? 8 : 4),
});

interface CrossEntropyInputs extends RowLossInputs {
  /** u32 (L): what each of `rows` should predict, below V. */
  readonly targets: Value;
}

/** The loss of each labelled row: −ln softmax(project(hidden))[target]. As `rowLosses`, which says what comes when. */
export function crossEntropy(g: Graph, { targets, ...inputs }: CrossEntropyInputs): RowLosses {
  const { rows, block } = inputs;
  expectShape('cross_entropy targets', targets.shape, rows.shape);
  return rowLosses(g, 'cross_entropy', inputs, (values, params) => {
    g.emit(crossEntropyKernel, { ...values, targets, block }, {}, params);
  });
}

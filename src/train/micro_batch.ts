import { writeRows } from '../adapters/rows';
import type { Runner } from '../graph/runner';
import type { PositionRule } from '../models/causal_model';
import { attentionSpans } from '../ops/attention/attention_spans';
import { tokenPositions } from './positions';
import type { BatchInputs, BatchShape } from './text_program';

/** One batch as the device takes it. N = B·T; every array has N entries. */
export interface MicroBatch extends BatchShape {
  readonly input_ids: Uint32Array<ArrayBuffer>;
  /** 0 for padding, else any number: where it changes from token to token of a row, another document begins. */
  readonly attention_mask: Uint32Array<ArrayBuffer>;
  /** Flat positions with a label, the first `labelled` entries. */
  readonly rows: Uint32Array<ArrayBuffer>;
  readonly targets: Uint32Array<ArrayBuffer>;
  readonly labelled: number;
  /** For each of the B rows its adapter, where rows have adapters of their own. */
  readonly which?: Uint32Array<ArrayBuffer> | undefined;
}

/** Queues the batch's data, with positions as the model counts them; runs queued later see them. */
export function writeBatch(runner: Runner, inputs: BatchInputs, batch: MicroBatch, rule: PositionRule): void {
  const spans = attentionSpans(batch.attention_mask, batch.T);
  runner.write(inputs.ids, batch.input_ids);
  runner.write(inputs.positions, tokenPositions(batch, spans, rule));
  runner.write(inputs.spans, spans);
  runner.write(inputs.rows, batch.rows);
  runner.write(inputs.targets, batch.targets);
  if (inputs.adapters !== undefined && batch.which !== undefined) writeRows(runner, inputs.adapters, batch.which);
}

/** How many chunks of the loss hold labelled rows. */
export function lossChunks(labelled: number, chunkRows: number): number {
  return Math.ceil(labelled / chunkRows);
}

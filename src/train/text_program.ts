import type { VeraAdapter } from '../adapters/vera_adapter';
import { withVera } from '../adapters/wrap';
import { Graph } from '../graph/graph';
import type { Program } from '../graph/runner';
import { pinned, type Value } from '../graph/value';
import { baseLayers, type Layers } from '../models/layers';
import { constantOf, type LoadedModel } from '../models/loaded_model';
import { attention } from '../ops/attention';
import { crossEntropy } from '../ops/cross_entropy';
import { lossSum } from '../ops/loss_sum';

export interface BatchShape {
  /** Rows. */
  readonly B: number;
  /** Tokens per row, padding included. */
  readonly T: number;
}

/** What a batch brings, as pinned buffers that the host writes before each run. N = B·T. */
export interface BatchInputs {
  /** u32 (N) */
  readonly ids: Value;
  /** u32 (N): the position within the row. */
  readonly positions: Value;
  /** u32 (B,T): 1 for a token, 0 for padding. */
  readonly mask: Value;
  /** u32 (N): the flat positions that have a label, then zeros. */
  readonly rows: Value;
  /** u32 (N): the token each of `rows` should predict. */
  readonly targets: Value;
}

/** A built program over a batch, with the pinned values that it alone owns. */
export interface TextProgram {
  readonly program: Program;
  readonly inputs: BatchInputs;
  readonly owned: readonly Value[];
  /** Labelled rows per chunk of the loss. */
  readonly chunkRows: number;
}

/** Logits of one chunk stay below this, so that long batches with a large vocabulary fit. */
const CHUNK_BYTES = 32 * 2 ** 20;

export function batchInputs({ B, T }: BatchShape): BatchInputs {
  const flat = (name: string) => pinned(name, [B * T], 'u32');
  return {
    ids: flat('input_ids'),
    positions: flat('positions'),
    mask: pinned('attention_mask', [B, T], 'u32'),
    rows: flat('label rows'),
    targets: flat('labels'),
  };
}

function hiddenStates(
  g: Graph,
  loaded: LoadedModel,
  adapter: VeraAdapter | undefined,
  inputs: BatchInputs,
  { B, T }: BatchShape,
): { readonly hidden: Value; readonly layers: Layers } {
  const { heads: H, kvHeads: Hkv, headDim: D } = loaded.model;
  const base = baseLayers(g, loaded);
  const layers = adapter === undefined ? base : withVera(g, base, adapter);
  const hidden = loaded.model.hidden(g, layers, {
    ids: inputs.ids,
    positions: inputs.positions,
    constant: (name) => constantOf(loaded, name),
    attend: (_layer, q, k, v) => attention(g, { q, k, v, mask: inputs.mask, B, T, H, Hkv, D }),
  });
  return { hidden, layers };
}

/** Logits of every position: (N, V), the program's one output. */
export function logitsProgram(
  loaded: LoadedModel,
  adapter: VeraAdapter | undefined,
  shape: BatchShape,
): TextProgram & { readonly logits: Value } {
  const g = new Graph();
  const inputs = batchInputs(shape);
  const { hidden, layers } = hiddenStates(g, loaded, adapter, inputs, shape);
  const logits = layers.linear(loaded.model.head, hidden);
  const program = { name: 'logits', steps: g.steps, outputs: [logits] };
  return { program, inputs, logits, owned: Object.values(inputs), chunkRows: 0 };
}

/**
 * One micro-batch: adds its share of the loss to `stats` and, with `grads`, its share of the gradients of the
 * adapter's vectors to that buffer. Without `grads` nothing is differentiated.
 */
export function lossProgram(
  loaded: LoadedModel,
  adapter: VeraAdapter | undefined,
  shape: BatchShape,
  { block, stats, grads }: { readonly block: Value; readonly stats: Value; readonly grads?: Value },
): TextProgram {
  const g = new Graph();
  const inputs = batchInputs(shape);
  const into = new Map(adapter === undefined || grads === undefined ? [] : [[adapter.lambda, grads]]);
  for (const value of into.keys()) g.train(value);
  const { hidden, layers } = hiddenStates(g, loaded, adapter, inputs, shape);
  const chunkRows = lossChunkRows(shape.B * shape.T, loaded.model.vocabSize);
  const losses = crossEntropy(g, {
    hidden,
    project: (rows) => layers.linear(loaded.model.head, rows),
    vocabSize: loaded.model.vocabSize,
    rows: inputs.rows,
    targets: inputs.targets,
    block,
    chunkRows,
    into,
  });
  lossSum(g, losses, block, stats);
  // The loss op makes its gradient in the forward and takes no dy.
  if (grads !== undefined) g.grad(losses, losses, into);
  const name = grads === undefined ? 'loss' : 'training step';
  return { program: { name, steps: g.steps, outputs: [] }, inputs, owned: Object.values(inputs), chunkRows };
}

function lossChunkRows(rows: number, vocabSize: number): number {
  const fitting = Math.floor(CHUNK_BYTES / (4 * vocabSize));
  return Math.min(rows, Math.max(16, fitting));
}

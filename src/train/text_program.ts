import type { LayerMode } from '../adapters/modes';
import type { Overlay } from '../adapters/overlay';
import { type RowInputs, rowInputs, rowValues } from '../adapters/rows';
import type { VeraAdapter } from '../adapters/vera_adapter';
import { type DropoutSource, overlaidLayers } from '../adapters/wrap';
import { Graph } from '../graph/graph';
import { type Block, recompute } from '../graph/recompute';
import type { Program } from '../graph/runner';
import { pinned, type Value, viewOf } from '../graph/value';
import type { Layers } from '../models/layers';
import { constantOf, type LoadedModel } from '../models/loaded_model';
import { attention } from '../ops/attention/attention';
import { crossEntropy } from '../ops/cross_entropy';
import { lossSum } from '../ops/loss_sum';
import { TILE } from '../ops/products/gemm';

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
  /** u32 (N): the position within its document. */
  readonly positions: Value;
  /** u32 (B,T,2): of `attentionSpans`. */
  readonly spans: Value;
  /** u32 (N): the flat positions that have a label, then zeros. */
  readonly rows: Value;
  /** u32 (N): the token each of `rows` should predict. */
  readonly targets: Value;
  /** Set where rows have adapters of their own. */
  readonly adapters: RowInputs | undefined;
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
const CHUNK_BYTES = 16 * 2 ** 20;
/** Each chunk reads the head's weight twice: that has to pay, also where the vocabulary is large. */
const WORTHWHILE = { rows: 128, bytes: 64 * 2 ** 20 };

export function batchInputs({ B, T }: BatchShape, { rows }: Overlay): BatchInputs {
  const flat = (name: string) => pinned(name, [B * T], 'u32');
  return {
    ids: flat('input_ids'),
    positions: flat('positions'),
    spans: pinned('spans', [B, T, 2], 'u32'),
    rows: flat('label rows'),
    targets: flat('labels'),
    adapters: rows && rowInputs(rows.adapters, B),
  };
}

function ownedBy({ adapters, ...inputs }: BatchInputs): Value[] {
  return [...Object.values(inputs), ...(adapters === undefined ? [] : rowValues(adapters))];
}

function hiddenStates(
  g: Graph,
  loaded: LoadedModel,
  overlay: Overlay,
  inputs: BatchInputs,
  { B, T }: BatchShape,
  {
    source,
    modes,
    onBlock,
  }: {
    readonly source?: DropoutSource | undefined;
    readonly modes?: ReadonlyMap<string, LayerMode> | undefined;
    readonly onBlock?: () => void;
  } = {},
): { readonly hidden: Value; readonly layers: Layers } {
  const { heads: H, kvHeads: Hkv, headDim: D } = loaded.model;
  const rows = inputs.adapters && { inputs: inputs.adapters, T };
  const layers = overlaidLayers(g, loaded, overlay, { source, modes, rows });
  const hidden = loaded.model.hidden(g, layers, {
    ids: inputs.ids,
    positions: inputs.positions,
    constant: (name) => constantOf(loaded, name),
    ...(onBlock && { block: onBlock }),
    attend: (_layer, q, k, v) => attention(g, { q, k, v, spans: inputs.spans, B, T, H, Hkv, D }),
  });
  return { hidden, layers };
}

/** Logits of every position: (N, V), the program's one output. */
export function logitsProgram(
  loaded: LoadedModel,
  overlay: Overlay,
  shape: BatchShape,
): TextProgram & { readonly logits: Value } {
  const g = new Graph();
  const inputs = batchInputs(shape, overlay);
  const { hidden, layers } = hiddenStates(g, loaded, overlay, inputs, shape);
  const logits = layers.linear(loaded.model.head, hidden);
  const program = { name: 'logits', steps: g.steps, outputs: [logits] };
  return { program, inputs, logits, owned: ownedBy(inputs), chunkRows: 0 };
}

/** Where a loss program reports to, and what it trains. */
export interface LossValues {
  /** The step block, from which it reads. */
  readonly block: Value;
  /** Gets its share of the loss added. */
  readonly stats: Value;
  /** Without it nothing is differentiated, and nothing dropped. */
  readonly training?: {
    /** Where the gradients of each adapter's pool gather. */
    readonly grads: ReadonlyMap<VeraAdapter, Value>;
    /** Of dropout's masks. */
    readonly seed: number;
    /** Whether blocks make their inner values again in the backward pass instead of keeping them. */
    readonly checkpointing?: boolean;
    /** Of the layers of the one adapter, by module: unmerged unless given. */
    readonly modes?: ReadonlyMap<string, LayerMode> | undefined;
  };
}

/** One micro-batch: adds its shares of the loss and of the gradients to what earlier ones gave. */
export function lossProgram(
  loaded: LoadedModel,
  overlay: Overlay,
  shape: BatchShape,
  { block, stats, training }: LossValues,
): TextProgram {
  const g = new Graph();
  const inputs = batchInputs(shape, overlay);
  const into = training === undefined ? new Map<Value, Value>() : gradientBuffers(training);
  for (const value of into.keys()) g.train(value);
  const source = training && { block, seed: training.seed };
  const starts: number[] = [];
  const onBlock = (): void => void starts.push(g.steps.length);
  const { hidden, layers } = hiddenStates(g, loaded, overlay, inputs, shape, {
    source,
    modes: training?.modes,
    onBlock,
  });
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
  const forward = g.steps.length;
  // The loss op makes its gradient in the forward and takes no dy.
  if (training !== undefined) g.grad(losses, losses, into);
  const steps = training?.checkpointing === true ? recompute(g.steps, forward, innerBlocks(starts)) : g.steps;
  const name = training === undefined ? 'loss' : 'training step';
  return { program: { name, steps, outputs: [] }, inputs, owned: ownedBy(inputs), chunkRows };
}

/** All blocks but the last, which the backward pass needs at once: its values may as well be kept. */
function innerBlocks(starts: readonly number[]): Block[] {
  return starts.slice(0, -2).map((start, index) => ({ start, end: starts[index + 1] ?? start }));
}

/** What trains, each with the part of its pool's gradients that is its own. */
function gradientBuffers({ grads: pools, modes }: NonNullable<LossValues['training']>): Map<Value, Value> {
  const into = new Map<Value, Value>();
  for (const layer of modes?.values() ?? []) if (layer.mode === 'dense') into.set(layer.weight, layer.gradient);
  for (const [{ lambda, layout, tensors }, grads] of pools) {
    into.set(lambda, grads);
    for (const [name, { shape, offset }] of layout.tensors) {
      const tensor = tensors.get(name)?.value;
      if (tensor !== undefined) into.set(tensor, viewOf(grads, `gradient of ${name}`, shape, offset));
    }
  }
  return into;
}

function lossChunkRows(rows: number, vocabSize: number): number {
  const fitting = (bytes: number): number => Math.floor(bytes / (4 * vocabSize));
  const worthwhile = Math.min(WORTHWHILE.rows, fitting(WORTHWHILE.bytes));
  const most = Math.max(16, worthwhile, fitting(CHUNK_BYTES));
  // Products take whole tiles of rows: a few more cost as much as a tile.
  return Math.min(rows, most < TILE ? most : Math.floor(most / TILE) * TILE);
}

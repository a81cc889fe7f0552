import type { Overlay } from '../adapters/layers/overlay';
import type { RowInputs } from '../adapters/layers/row_inputs';
import { rowInputs } from '../adapters/layers/rows';
import { overlaidLayers } from '../adapters/layers/wrap';
import { Graph } from '../graph/graph';
import type { Cacheable } from '../graph/program_cache';
import { pinned, type Value } from '../graph/value';
import { type Inputs, textSizes } from '../models/architecture';
import type { Layers } from '../models/layers';
import { constantOf, type LoadedModel } from '../models/loaded_model';
import { attention } from '../ops/attention/attention';
import { cacheWrite } from '../ops/attention/cache_write';
import { cachedAttention } from '../ops/attention/rope_attention_decode';
import { shortConv } from '../ops/convolution/short_conv';
import { cachedShortConv, keepForShortConv } from '../ops/convolution/short_conv_cache';
import { turn } from '../ops/rope';
import { gatherRows } from '../ops/rows/gather_rows';
import { sample } from '../ops/sample';
import type { GenerationState } from './generation_state';
import type { LayerCaches } from './layer_caches';

/** Processes the last token of every row and samples the next one, all on the device: the program can run without data from the host. */
export interface DecodeProgram extends Cacheable {
  /** Set if rows have adapters of their own. */
  readonly adapters: RowInputs | undefined;
}

/** Processes B whole prompts, padded at the right to T tokens, and samples the first new token of each. */
export interface PrefillProgram extends DecodeProgram {
  readonly T: number;
  /** u32 (B·T): the tokens of the prompts. */
  readonly ids: Value;
  /** u32 (B·T): 0, 1, 2, … in each row. */
  readonly positions: Value;
  /** u32 (B·T): the position ids that the network reads: `positions` itself, unless the network has other position ids for long texts. */
  readonly positionIds: Value;
  /** u32 (B,T,2): the attention spans of the tokens, from `attentionSpans`. */
  readonly spans: Value;
  /** u32 (B): the index of each prompt's last token in the flat list of B·T tokens. */
  readonly last: Value;
  /** u32 (B): the position of each prompt's last token. */
  readonly lastPositions: Value;
}

/** The inputs of `prefillProgram` and `decodeProgram`. */
export interface GenerationParts {
  readonly loaded: LoadedModel;
  readonly overlay: Overlay;
  readonly caches: LayerCaches;
  readonly state: GenerationState;
  /** The number of rows. */
  readonly B: number;
}

/** The operations in which a token reads other tokens: attention and short convolutions. Each program implements them differently. */
type Mixing = Pick<Inputs, 'attend' | 'convolve'>;

export function prefillProgram(parts: GenerationParts, T: number): PrefillProgram {
  const { loaded, state, B } = parts;
  const positions = pinned('prompt positions', [B * T], 'u32');
  const isOne = textSizes(loaded.model).longTexts === undefined;
  const inputs = {
    ids: pinned('prompts', [B * T], 'u32'),
    positions,
    positionIds: isOne ? positions : pinned('prompt position ids', [B * T], 'u32'),
    spans: pinned('prompt spans', [B, T, 2], 'u32'),
    last: pinned('last prompt rows', [B], 'u32'),
    lastPositions: pinned('last prompt positions', [B], 'u32'),
  };
  const g = new Graph(loaded);
  const attend: Mixing['attend'] = (layer, q, k, v, { rotary, ...heads }) => {
    const { positions, lastPositions: last } = inputs;
    const turned = rotary === undefined ? { q, k } : turn(g, { q, k, D: heads.D, ...rotary });
    cacheWrite(g, { k: turned.k, v, ...keysAndValuesOf(parts, layer), positions, last, B, T });
    return attention(g, { ...turned, v, spans: inputs.spans, B, T, ...heads });
  };
  const convolve: Mixing['convolve'] = (layer, bcx, weight) => {
    keepForShortConv(g, { bcx, last: inputs.lastPositions, state: cacheOf(parts, layer, 'input') });
    return shortConv(g, { bcx, weight, spans: inputs.spans });
  };
  const { layers, adapters, owned } = rowLayers(g, parts, T);
  const given = { input_ids: inputs.ids, position_ids: inputs.positionIds };
  const hidden = hiddenStates(g, loaded, layers, given, { attend, convolve });
  const last = gatherRows(g, hidden, inputs.last, { start: 0, count: B });
  sample(g, loaded.model.head.logits(g, layers, last), state);
  return {
    ...inputs,
    T,
    adapters,
    program: { name: 'prefill', steps: g.steps, outputs: [] },
    owned: [...new Set(Object.values(inputs)), ...owned],
  };
}

export function decodeProgram(parts: GenerationParts): DecodeProgram {
  const { loaded, state } = parts;
  const g = new Graph();
  const attend: Mixing['attend'] = (layer, q, k, v, heads) =>
    cachedAttention(g, { q, k, v, ...keysAndValuesOf(parts, layer), positions: state.positions, ...heads });
  const convolve: Mixing['convolve'] = (layer, bcx, weight) =>
    cachedShortConv(g, { bcx, weight, state: cacheOf(parts, layer, 'input') });
  const { layers, adapters, owned } = rowLayers(g, parts, 1);
  const given = { input_ids: state.ids, position_ids: state.positions };
  const hidden = hiddenStates(g, loaded, layers, given, { attend, convolve });
  sample(g, loaded.model.head.logits(g, layers, hidden), state);
  return { adapters, program: { name: 'decode', steps: g.steps, outputs: [] }, owned };
}

/** Returns the layers with the overlay's adapters and tensors applied, for rows of T tokens, and the values that the program owns. */
function rowLayers(
  g: Graph,
  { loaded, overlay, B }: GenerationParts,
  T: number,
): { readonly layers: Layers; readonly adapters: RowInputs | undefined; readonly owned: readonly Value[] } {
  const adapters = rowInputs(overlay.rows, B);
  const layers = overlaidLayers(g, loaded, overlay, { rows: adapters && { inputs: adapters, T } });
  return { layers, adapters, owned: adapters?.values ?? [] };
}

function hiddenStates(
  g: Graph,
  loaded: LoadedModel,
  layers: Layers,
  { input_ids, position_ids }: { readonly input_ids: Value; readonly position_ids: Value },
  mixing: Mixing,
): Value {
  return loaded.model.hidden(g, layers, {
    value: (name) => (name === 'input_ids' ? input_ids : position_ids),
    ...mixing,
    constant: (name) => constantOf(loaded, name),
  });
}

function keysAndValuesOf(parts: GenerationParts, layer: number): { readonly k_cache: Value; readonly v_cache: Value } {
  return { k_cache: cacheOf(parts, layer, 'key'), v_cache: cacheOf(parts, layer, 'value') };
}

function cacheOf({ caches }: GenerationParts, layer: number, name: string): Value {
  const cache = caches.layers[layer]?.get(name);
  if (cache === undefined) throw new RangeError(`The cache of layer ${layer} has no ${name}`);
  return cache;
}

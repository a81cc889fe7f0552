import type { Overlay } from '../adapters/overlay';
import { overlaidLayers } from '../adapters/wrap';
import { Graph } from '../graph/graph';
import type { Cacheable } from '../graph/program_cache';
import { pinned, type Value } from '../graph/value';
import type { TextInputs } from '../models/causal_model';
import type { Layers } from '../models/layers';
import { constantOf, type LoadedModel } from '../models/loaded_model';
import { attention } from '../ops/attention';
import { attentionDecode } from '../ops/attention_decode';
import { cacheWrite } from '../ops/cache_write';
import { gatherRows } from '../ops/rows';
import { sample } from '../ops/sample';
import type { GenerationState } from './generation_state';
import type { KvCache } from './kv_cache';

/** Takes in a whole prompt, padded to T, and samples the first new token. */
export interface PrefillProgram extends Cacheable {
  /** u32 (T) */
  readonly ids: Value;
  /** u32 (T): 0, 1, 2, … */
  readonly positions: Value;
  /** u32 (1,T): 1 for the prompt, 0 for padding. */
  readonly mask: Value;
  /** u32 (1): where the prompt's last token is. */
  readonly last: Value;
}

type Attend = TextInputs['attend'];

export function prefillProgram(
  loaded: LoadedModel,
  overlay: Overlay,
  cache: KvCache,
  state: GenerationState,
  T: number,
): PrefillProgram {
  const inputs = {
    ids: pinned('prompt', [T], 'u32'),
    positions: pinned('prompt positions', [T], 'u32'),
    mask: pinned('prompt mask', [1, T], 'u32'),
    last: pinned('last prompt row', [1], 'u32'),
  };
  const { heads: H, kvHeads: Hkv, headDim: D } = loaded.model;
  const g = new Graph();
  const attend: Attend = (layer, q, k, v) => {
    store(g, cache, layer, k, v, inputs.positions, T);
    return attention(g, { q, k, v, mask: inputs.mask, B: 1, T, H, Hkv, D });
  };
  const layers = overlaidLayers(g, loaded, overlay);
  const hidden = hiddenStates(g, loaded, layers, inputs.ids, inputs.positions, attend);
  sample(g, layers.linear(loaded.model.head, gatherRows(g, hidden, inputs.last, { start: 0, count: 1 })), state);
  return { ...inputs, program: { name: 'prefill', steps: g.steps, outputs: [] }, owned: Object.values(inputs) };
}

/** Takes in the last token and samples the next, all on the device: a run needs nothing from the host. */
export function decodeProgram(
  loaded: LoadedModel,
  overlay: Overlay,
  cache: KvCache,
  state: GenerationState,
): Cacheable {
  const { heads: H, kvHeads: Hkv, headDim: D } = loaded.model;
  const g = new Graph();
  const attend: Attend = (layer, q, k, v) => {
    const { k_cache, v_cache } = store(g, cache, layer, k, v, state.positions, 1);
    return attentionDecode(g, { q, k_cache, v_cache, positions: state.positions, H, Hkv, D });
  };
  const layers = overlaidLayers(g, loaded, overlay);
  const hidden = hiddenStates(g, loaded, layers, state.ids, state.positions, attend);
  sample(g, layers.linear(loaded.model.head, hidden), state);
  return { program: { name: 'decode', steps: g.steps, outputs: [] }, owned: [] };
}

function hiddenStates(
  g: Graph,
  loaded: LoadedModel,
  layers: Layers,
  ids: Value,
  positions: Value,
  attend: Attend,
): Value {
  return loaded.model.hidden(g, layers, { ids, positions, attend, constant: (name) => constantOf(loaded, name) });
}

function store(
  g: Graph,
  cache: KvCache,
  layer: number,
  k: Value,
  v: Value,
  positions: Value,
  T: number,
): { readonly k_cache: Value; readonly v_cache: Value } {
  const k_cache = cache.k[layer];
  const v_cache = cache.v[layer];
  if (k_cache === undefined || v_cache === undefined) throw new RangeError(`The cache has no layer ${layer}`);
  cacheWrite(g, { x: k, cache: k_cache, positions, B: 1, T });
  cacheWrite(g, { x: v, cache: v_cache, positions, B: 1, T });
  return { k_cache, v_cache };
}

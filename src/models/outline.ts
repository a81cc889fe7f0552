import { Graph } from '../graph/graph';
import { pinned, transient, type Value } from '../graph/value';
import type { AttentionHeads } from '../ops/attention/attention';
import { type Architecture, type InputName, placedTokens } from './architecture';
import { layersOver, plainLayers } from './layers';
import { baseTensors, constantOf, type LoadedModel } from './loaded_model';

/** The vectors of earlier tokens that generation caches for a layer, by name: keys and values, or the inputs of a convolution. */
export type LayerCache = Readonly<Record<string, CachedVectors>>;

interface CachedVectors {
  readonly width: number;
  /** Returns the number of vectors per row, for texts of up to S tokens. */
  count(S: number): number;
}

/** Properties of a network's forward pass. */
interface Outline {
  /** The input of each linear layer except the head's, by module name. Layers with the same input share what adapters compute from it. */
  readonly inputs: ReadonlyMap<string, Value>;
  /** The names of the tensors that the pass reads. */
  readonly tensors: ReadonlySet<string>;
  /** The attention heads of each layer. */
  readonly attention: readonly AttentionHeads[];
  /** The cache of each layer. */
  readonly caches: readonly LayerCache[];
}

/** Builds a forward pass over one token or one image, which is never run, and records its properties. */
export function outlineOf(loaded: LoadedModel): Outline {
  const inputs = new Map<string, Value>();
  const attention: AttentionHeads[] = [];
  const caches: LayerCache[] = [];
  const g = new Graph();
  const tensors = new Set<string>();
  const { weight, bias, parameter } = baseTensors(loaded);
  const noting =
    <T>(read: (name: string) => T, suffix: string) =>
    (name: string): T => {
      tensors.add(`${name}${suffix}`);
      return read(name);
    };
  const plain = plainLayers(g, {
    weight: noting(weight, '.weight'),
    bias: noting(bias, '.bias'),
    parameter: noting(parameter, ''),
  });
  const layers = layersOver(plain, (uses, x) => {
    for (const { name } of uses) inputs.set(name, x);
    return plain.apply(uses, x);
  });
  loaded.model.hidden(g, layers, {
    value: (name) => smallestInput(loaded.model, name),
    constant: (name) => constantOf(loaded, name),
    attend(layer, q, _k, _v, heads) {
      attention[layer] = heads;
      caches[layer] = keysAndValues(heads);
      return transient('attention', q.shape);
    },
    convolve(layer, { shape: [N = 0] }, { shape: [K = 0, C = 0] }) {
      caches[layer] = { input: { width: C, count: () => K - 1 } };
      return transient('convolution', [N, C]);
    },
  });
  return { inputs, tensors, attention, caches };
}

/** The cache of a layer with attention: the keys and values of all tokens or, with a sliding window, of the last ones. */
function keysAndValues({ Hkv, D, window = Number.POSITIVE_INFINITY }: AttentionHeads): LayerCache {
  const vectors = { width: Hkv * D, count: (S: number) => Math.min(S, window) };
  return { key: vectors, value: vectors };
}

function smallestInput({ image }: Architecture, name: InputName): Value {
  if (image === undefined) return pinned(name, [1], 'u32');
  const { patches, patch, channels } = image;
  return name === 'pixel_values'
    ? pinned(name, [patches, channels * patch ** 2])
    : pinned(name, [placedTokens(image)], 'u32');
}

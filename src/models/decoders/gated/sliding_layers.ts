import type { Fields } from '../../../core/input/fields';
import { MAX, unsupported } from '../../config_fields';

/** The layers with sliding-window attention: their queries attend only to a window of the text. */
export interface SlidingLayers {
  /** The number of tokens to which a query attends, up to and including its own. If attention isn't causal, as many after its own, too. */
  readonly window: number;
  /** For each layer, whether its attention is limited to the window. At least one entry is true. */
  readonly layers: readonly boolean[];
}

/** Parses the window's size in tokens. Returns null if there is no window, and `fallback` if the key is missing. */
export function parseWindow(fields: Fields, fallback: number | null): number | null {
  return fields.orNull('sliding_window', fallback, (key) => fields.positiveInteger(key, { max: MAX.positions }));
}

const TYPES = ['full_attention', 'sliding_attention'] as const;

/**
 * Returns the same window for all layers; undefined if there is none. For families in which transformers reads `sliding_window` and
 * ignores `layer_types`. Throws `unsupported_model` if the file's `layer_types` contradict the window.
 */
export function parseWindowOfAll(fields: Fields, count: number, window: number | null): SlidingLayers | undefined {
  const type = window === null ? 'full_attention' : 'sliding_attention';
  const other = parseLayerTypes(fields, count, TYPES)?.find((each) => each !== type);
  if (other !== undefined) throw unsupported('layer_types', other, [type]);
  return window === null ? undefined : frozen(window, Array(count).fill(true));
}

/**
 * Returns the layers with a window; undefined if there are none. `layer_types` lists them; in files without this field, as written by
 * transformers 4, `slides` determines them. Throws `unsupported_model` for other types of layers, `invalid_format` for layers with a window
 * in a file without a window size.
 */
export function parseSlidingLayers(
  fields: Fields,
  count: number,
  window: number | null,
  slides: (layer: number) => boolean,
): SlidingLayers | undefined {
  const types = parseLayerTypes(fields, count, TYPES);
  const layers = Array.from({ length: count }, (_, layer) =>
    types === undefined ? window !== null && slides(layer) : types[layer] === 'sliding_attention',
  );
  if (!layers.includes(true)) return undefined;
  if (window === null) throw fields.invalid('layer_types', 'no sliding_attention without a sliding_window');
  return frozen(window, layers);
}

function frozen(window: number, layers: readonly boolean[]): SlidingLayers {
  return Object.freeze({ window, layers: Object.freeze(layers) });
}

/** Parses the type of each layer; undefined if the file has none. Throws `unsupported_model` for a type that isn't among `known`. */
export function parseLayerTypes(
  fields: Fields,
  count: number,
  known: readonly string[],
): readonly unknown[] | undefined {
  const types = fields.get('layer_types');
  if (types === undefined) return undefined;
  if (!Array.isArray(types) || types.length !== count) throw fields.invalid('layer_types', `a list of ${count}`);
  const other = types.find((type) => !known.includes(type));
  if (other !== undefined) throw unsupported('layer_types', other, known);
  return types;
}

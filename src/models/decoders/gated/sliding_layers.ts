import type { Fields } from '../../../core/input/fields';
import { MAX, unsupported } from '../../config_fields';

/** The layers whose queries see a window of the text alone. */
export interface SlidingLayers {
  /** Tokens that a query sees, its own the last of them. */
  readonly window: number;
  /** Whether each layer is one; at least one is. */
  readonly layers: readonly boolean[];
}

/** The window's size, null for none; `fallback` only when the key is missing. */
export function parseWindow(fields: Fields, fallback: number | null): number | null {
  return fields.orNull('sliding_window', fallback, (key) => fields.positiveInteger(key, { max: MAX.positions }));
}

const TYPES = ['full_attention', 'sliding_attention'];

/**
 * One window for all layers, undefined for none: for families in which transformers goes by `sliding_window` alone. Throws
 * `unsupported_model` where the file's `layer_types` say something else, which transformers would pass over.
 */
export function parseWindowOfAll(fields: Fields, count: number, window: number | null): SlidingLayers | undefined {
  const type = window === null ? 'full_attention' : 'sliding_attention';
  const other = parseLayerTypes(fields, count)?.find((each) => each !== type);
  if (other !== undefined) throw unsupported('layer_types', other, [type]);
  return window === null ? undefined : frozen(window, Array(count).fill(true));
}

/**
 * Which layers see a window: as `layer_types` says, or by `slides` where the file has none, as transformers 4's. Undefined for
 * none. Throws `unsupported_model` for another type of layer, `invalid_format` for windows without a size.
 */
export function parseSlidingLayers(
  fields: Fields,
  count: number,
  window: number | null,
  slides: (layer: number) => boolean,
): SlidingLayers | undefined {
  const types = parseLayerTypes(fields, count);
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

function parseLayerTypes(fields: Fields, count: number): readonly unknown[] | undefined {
  const types = fields.get('layer_types');
  if (types === undefined) return undefined;
  if (!Array.isArray(types) || types.length !== count) throw fields.invalid('layer_types', `a list of ${count}`);
  const other = types.find((type) => !TYPES.includes(type));
  if (other !== undefined) throw unsupported('layer_types', other, TYPES);
  return types;
}

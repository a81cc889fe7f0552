import type { Value } from '../../graph/value';
import type { Adapter } from '../adapter';
import { trainedBiases } from '../config/adapter_config';

/** The adapters and tensors that a pass uses on top of the base model. */
export interface Overlay {
  /** The key under which the overlay's programs are cached: the keys of all adapters and merges that it uses, with '+' between them. */
  readonly key: string;
  /** The adapters whose changes are added to the layers' results, in order. */
  readonly adapters: readonly Adapter[];
  /** Tensors that replace the base model's, by name: merged weights, trained biases, and tensors of modules that train whole. */
  readonly tensors: ReadonlyMap<string, Value>;
  /** The modules with merged weights. `adapters` don't change the results of these modules. */
  readonly mergedModules: ReadonlySet<string>;
  /** The adapters of each row, for a batch whose rows use different adapters; `adapters` is then empty. */
  readonly rows?: RowAdapters;
}

/** The adapters of a batch in which each row has its own adapter. */
export interface RowAdapters {
  /** All adapters that the rows use, each once. */
  readonly adapters: readonly Adapter[];
  /** For each row of the batch, the index of its adapter; `adapters.length` for a row without one. */
  readonly which: Uint32Array<ArrayBuffer>;
}

/** Adapters that are merged into the model's weights, as `merge_adapter` does, with the merged weights. */
export interface MergedAdapters {
  readonly key: string;
  readonly adapters: readonly Adapter[];
  /** The weights into which the adapters are merged, by tensor name. */
  readonly weights: ReadonlyMap<string, Value>;
}

export const BASE: Overlay = { key: 'base', adapters: [], tensors: new Map(), mergedModules: new Set() };

/** Whether an overlay's key contains the key `part` of an adapter or a merge. */
export function keyHolds(key: string | undefined, part: string): boolean {
  return key?.split('+').includes(part) ?? false;
}

/**
 * Returns the overlay of a pass that uses the adapters `active`, out of `all` the adapters of a model. As in PEFT, a trained bias applies
 * even if its adapter isn't active.
 */
export function overlayOf(all: readonly Adapter[], active: readonly Adapter[], merged?: MergedAdapters): Overlay {
  const biased = biasedOf(all);
  const tensors = new Map(biased && tensorsOf(biased, 'bias'));
  for (const adapter of active) for (const [name, value] of tensorsOf(adapter, 'module')) tensors.set(name, value);
  for (const [name, value] of merged?.weights ?? []) tensors.set(name, value);
  const keys = [...active, ...(merged ? [merged] : [])].map(({ key }) => key);
  // The biases of an inactive adapter change the program, so they change the key.
  if (biased !== undefined && !active.includes(biased)) keys.push('biases', biased.key);
  return {
    key: keys.length === 0 ? BASE.key : keys.join('+'),
    adapters: active,
    tensors,
    mergedModules: new Set(merged?.adapters.flatMap(({ modules }) => [...modules.keys()])),
  };
}

/** Returns a copy of the overlay in which only `adapter` is active. It has the same key as `overlayOf` with this adapter alone. */
export function withOnly({ key, adapters, ...overlay }: Overlay, adapter: Adapter): Overlay {
  const tensors = new Map(overlay.tensors);
  for (const other of adapters)
    for (const [name, value] of tensorsOf(other, 'module')) if (tensors.get(name) === value) tensors.delete(name);
  for (const [name, value] of tensorsOf(adapter, 'module')) tensors.set(name, value);
  const others = key.split('+').slice(adapters.length);
  return { ...overlay, key: [adapter.key, ...others].join('+'), adapters: [adapter], tensors };
}

/** Returns the adapter that trains biases, the first one if there are several. */
export function biasedOf(adapters: readonly Adapter[]): Adapter | undefined {
  return adapters.find(({ config }) => trainedBiases(config) !== 'none');
}

/** Returns an overlay for a batch in which each row has its own adapter; a row whose entry in `rows` is undefined has none. */
export function overlayOfRows(base: Overlay, rows: readonly (Adapter | undefined)[]): Overlay {
  // The adapters are sorted, so that batches with the same set of adapters share a program.
  const adapters = [...new Set(rows.flatMap((adapter) => adapter ?? []))].sort((a, b) => (a.key < b.key ? -1 : 1));
  const which = Uint32Array.from(rows, (adapter) =>
    adapter === undefined ? adapters.length : adapters.indexOf(adapter),
  );
  const keys = [...new Set([base.key, ...adapters.map(({ key }) => key)])];
  return { ...base, key: `rows+${keys.join('+')}`, adapters: [], rows: { adapters, which } };
}

/** Returns the base model's tensors that an adapter trains, by name: only biases, or only tensors of modules that train whole. */
export function tensorsOf({ tensors }: Adapter, wanted: 'bias' | 'module'): Map<string, Value> {
  return new Map([...tensors].flatMap(([name, { value, kind }]) => (kind === wanted ? [[name, value]] : [])));
}

import type { Value } from '../graph/value';
import type { Adapter } from './adapter';
import { trainedBiases } from './adapter_config';

/** What a pass puts over the base model. */
export interface Overlay {
  /** Tells its programs from others': the keys of all that they use, joined by '+'. */
  readonly key: string;
  /** Adapters whose deltas add, in order. */
  readonly adapters: readonly Adapter[];
  /** What stands in place of the base model's tensors, by their names: merged weights, trained biases, whole modules. */
  readonly tensors: ReadonlyMap<string, Value>;
  /** Modules whose weights hold deltas already: no adapter adds to them. */
  readonly merged: ReadonlySet<string>;
  /** Set for a batch whose rows have adapters of their own, in place of `adapters`. */
  readonly rows?: RowAdapters;
}

export interface RowAdapters {
  /** Those that rows have, each once. */
  readonly adapters: readonly Adapter[];
  /** For each row the index of its adapter; one too many for rows without. */
  readonly which: Uint32Array<ArrayBuffer>;
}

/** Weights with deltas in them. */
export interface Merged {
  readonly key: string;
  readonly adapters: readonly Adapter[];
  /** By tensor name. */
  readonly weights: ReadonlyMap<string, Value>;
}

export const BASE: Overlay = { key: 'base', adapters: [], tensors: new Map(), merged: new Set() };

/** Whether what was made under an overlay's key uses what `part` stands for. */
export function keyHolds(key: string | undefined, part: string): boolean {
  return key?.split('+').includes(part) ?? false;
}

/**
 * What a pass uses when `active` are active among all the adapters of a model. As in PEFT, a trained bias isn't switched:
 * it is in place while its adapter is there at all.
 */
export function overlayOf(all: readonly Adapter[], active: readonly Adapter[], merged?: Merged): Overlay {
  const biased = biasedOf(all);
  const tensors = new Map(biased && tensorsOf(biased, 'bias'));
  for (const adapter of active) for (const [name, value] of tensorsOf(adapter, 'module')) tensors.set(name, value);
  for (const [name, value] of merged?.weights ?? []) tensors.set(name, value);
  const keys = [...active, ...(merged ? [merged] : [])].map(({ key }) => key);
  // Not the program that it has while it's active.
  if (biased !== undefined && !active.includes(biased)) keys.push('biases', biased.key);
  return {
    key: keys.length === 0 ? BASE.key : keys.join('+'),
    adapters: active,
    tensors,
    merged: new Set(merged?.adapters.flatMap(({ modules }) => [...modules.keys()])),
  };
}

/** The adapter that trains biases: of several, the first. */
export function biasedOf(adapters: readonly Adapter[]): Adapter | undefined {
  return adapters.find(({ config }) => trainedBiases(config) !== 'none');
}

/** An overlay whose rows have adapters of their own: for each row one, or undefined for none. */
export function overlayOfRows(base: Overlay, rows: readonly (Adapter | undefined)[]): Overlay {
  // In one order, so that batches of the same adapters share a program.
  const adapters = [...new Set(rows.flatMap((adapter) => adapter ?? []))].sort((a, b) => (a.key < b.key ? -1 : 1));
  const which = Uint32Array.from(rows, (adapter) =>
    adapter === undefined ? adapters.length : adapters.indexOf(adapter),
  );
  const keys = [...new Set([base.key, ...adapters.map(({ key }) => key)])];
  return { ...base, key: `rows+${keys.join('+')}`, adapters: [], rows: { adapters, which } };
}

/** The tensors that an adapter trains for one reason, by name. */
export function tensorsOf({ tensors }: Adapter, wanted: 'bias' | 'module'): Map<string, Value> {
  return new Map([...tensors].flatMap(([name, { value, kind }]) => (kind === wanted ? [[name, value]] : [])));
}

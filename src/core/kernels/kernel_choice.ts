import { WebVeraError } from '../errors/error';
import { isJsonObject } from '../input/fields';

/** The GPU adapter for which a choice was made, as WebGPU describes it. */
export interface KernelAdapter {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  readonly features: readonly string[];
  /** The adapter's limits in bytes, keyed by WebGPU's names: `maxBufferSize`, `maxStorageBufferBindingSize`. */
  readonly limits: Readonly<Record<string, number>>;
}

/**
 * The kernel variants that a session uses, as plain JSON. The same choice on the same GPU adapter gives the same results, byte for byte.
 * Empty `variants` mean that the library's default table chooses all variants.
 */
export interface KernelChoice {
  /** A fingerprint of all shaders. It changes when any shader changes. */
  readonly version: string;
  readonly adapter: KernelAdapter;
  /** The name of the chosen variant, by the kernel's name. For kernels without an entry, the default table chooses. */
  readonly variants: Readonly<Record<string, string>>;
}

const MOST_ENTRIES = 256;
const LONGEST_TEXT = 1024;

/** Validates an untrusted kernel choice and drops unknown keys. Throws `invalid_argument`. */
export function readKernelChoice(value: unknown): KernelChoice {
  const { version, adapter, variants } = object('a kernel choice', value);
  const { vendor, architecture, description, features, limits } = object('adapter', adapter);
  if (!Array.isArray(features)) throw unexpected('adapter.features', 'a list');
  return {
    version: text('version', version),
    adapter: {
      vendor: text('adapter.vendor', vendor),
      architecture: text('adapter.architecture', architecture),
      description: text('adapter.description', description),
      features: bounded('adapter.features', features).map((feature) => text('adapter.features', feature)),
      limits: entries('adapter.limits', limits, number),
    },
    variants: entries('variants', variants, text),
  };
}

/** Whether two GPU adapters are the same, by everything that WebGPU reports about them. */
export function sameAdapter(a: KernelAdapter, b: KernelAdapter): boolean {
  return adapterKey(a) === adapterKey(b);
}

/** Returns a string that is equal for equal GPU adapters. */
export function adapterKey({ vendor, architecture, description, features, limits }: KernelAdapter): string {
  const ordered = Object.entries(limits).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([vendor, architecture, description, features.toSorted(), ordered]);
}

function object(what: string, value: unknown): Readonly<Record<string, unknown>> {
  if (!isJsonObject(value)) throw unexpected(what, 'an object');
  // The copy has no prototype, so lookups find only the object's own keys.
  return Object.assign(Object.create(null), value);
}

function entries<T>(what: string, value: unknown, read: (what: string, value: unknown) => T): Record<string, T> {
  const all = bounded(what, Object.entries(object(what, value)));
  return Object.fromEntries(all.map(([key, entry]) => [text(`a key of ${what}`, key), read(`${what}: ${key}`, entry)]));
}

function bounded<T>(what: string, values: readonly T[]): readonly T[] {
  if (values.length <= MOST_ENTRIES) return values;
  throw unexpected(what, `at most ${MOST_ENTRIES} entries`);
}

function text(what: string, value: unknown): string {
  if (typeof value === 'string' && value.length <= LONGEST_TEXT) return value;
  throw unexpected(what, `a text of at most ${LONGEST_TEXT} characters`);
}

function number(what: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw unexpected(what, 'a number');
}

function unexpected(what: string, expected: string): WebVeraError {
  return new WebVeraError('invalid_argument', `kernels: expected ${expected} as ${what}`, {
    hint: "Pass the result of session.kernels(), the `kernels` of a run.json, 'default' or 'tuned'.",
  });
}

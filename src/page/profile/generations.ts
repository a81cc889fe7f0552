import { WebVeraError } from '../../core/errors/error';
import { wrong } from '../../core/errors/wrong';
import type { BatchGenerationConfig, GenerationConfig } from '../../core/types/generation';
import { type BatchGeneration, type Generation, RemoteGeneration, TextGeneration } from '../models/remote_generation';
import type { ProfileHost } from './host';

/** Calls `release` when a generation has resolved or rejected. */
export function ending<G extends Promise<unknown>>(generation: G, release: () => void): G {
  if (!(generation instanceof RemoteGeneration)) throw new WebVeraError('internal', 'Expected a generation of a model');
  generation.whenOver(release);
  return generation;
}

export function expectRows(rows: unknown, isProfile: (value: unknown) => boolean): void {
  const isRow = (row: { readonly profile?: unknown } | null): boolean => isProfile(row?.profile);
  if (Array.isArray(rows) && rows.length > 0 && rows.every(isRow)) return;
  throw wrong('Profile.generate_batch: rows', 'an array of at least one { profile, input }', rows);
}

/** A prompt for a profile. */
interface BatchRow {
  readonly open: { readonly host: ProfileHost; readonly adapter: string };
  readonly input: Generation['prompt'];
}

/** Continues prompts in one batch, each with the vectors of its profile. Throws `invalid_argument` for several base models. */
export function batchOf(rows: readonly BatchRow[], config: BatchGenerationConfig): BatchGeneration {
  const [host, ...others] = new Set(rows.map(({ open }) => open.host));
  if (host === undefined || others.length > 0) {
    throw wrong('Profile.generate_batch: rows', 'profiles over one base model', 'several');
  }
  const adapter_names = rows.map(({ open }) => open.adapter);
  const releases = adapter_names.map((name) => host.use(name));
  const inputs = rows.map(({ input }) => input);
  return ending(host.adapted.generate_batch(inputs, { ...config, adapter_names }), () => {
    for (const release of releases) release();
  });
}

/** A generation that rejects at once. */
export function refused(prompt: Generation['prompt'], config: GenerationConfig, error: unknown): Generation {
  return new TextGeneration(prompt, config, () => Promise.reject(error));
}

/** A generation of several texts that rejects at once. */
export function refusedBatch(error: unknown): BatchGeneration {
  return new RemoteGeneration(
    () => Promise.reject(error),
    (token) => token,
  );
}

import { WebVeraError } from '../../core/errors/error';
import { wrong } from '../../core/errors/wrong';
import type { BatchGenerationConfig, GenerationConfig } from '../../core/types/generation';
import { type BatchGeneration, type Generation, RemoteGeneration, TextGeneration } from '../models/remote_generation';
import type { ProfileHost } from './host';

/** Calls `release` once the generation has resolved or rejected. Returns the generation. */
export function ending<G extends Promise<unknown>>(generation: G, release: () => void): G {
  if (!(generation instanceof RemoteGeneration)) throw new WebVeraError('internal', 'Expected a generation of a model');
  generation.whenOver(release);
  return generation;
}

/** A prompt, and the profile that continues it. */
interface GivenRow {
  readonly profile: unknown;
  readonly input: Generation['prompt'];
}

/** A prompt, and the open profile that continues it. */
interface BatchRow {
  readonly open: { readonly host: ProfileHost; readonly adapter: string };
  readonly input: Generation['prompt'];
}

/**
 * Continues each prompt with its profile's adapter, all in one batch. Rejects with `invalid_argument` unless all profiles share one base
 * model. `openOf` returns the open profile of a `Profile`, and undefined for other values.
 */
export function batchOf(
  rows: readonly GivenRow[],
  config: BatchGenerationConfig,
  openOf: (profile: unknown) => BatchRow['open'] | undefined,
): BatchGeneration {
  try {
    return begun(openRows(rows, openOf), config);
  } catch (error) {
    return new RemoteGeneration(
      () => Promise.reject(error),
      (token) => token,
    );
  }
}

function openRows(rows: readonly GivenRow[], openOf: Parameters<typeof batchOf>[2]): readonly BatchRow[] {
  const given: readonly (GivenRow | null)[] = Array.isArray(rows) ? rows : [];
  const opened = given.flatMap((row) => {
    const open = openOf(row?.profile);
    return row === null || open === undefined ? [] : [{ open, input: row.input }];
  });
  if (opened.length > 0 && opened.length === given.length) return opened;
  throw wrong('Profile.generate_batch: rows', 'an array of at least one { profile, input }', rows);
}

function begun(rows: readonly BatchRow[], config: BatchGenerationConfig): BatchGeneration {
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

/** Returns a generation that rejects at once with `error`. */
export function refused(prompt: Generation['prompt'], config: GenerationConfig, error: unknown): Generation {
  return new TextGeneration(prompt, config, () => Promise.reject(error));
}

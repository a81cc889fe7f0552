import type { WebVeraError } from '../../../core/errors/error';
import type { Files } from '../../../core/input/named_files';
import type { SentExample } from '../../../core/types/training';
import { partsKey } from '../../models/remote_model';
import { wrong } from '../../session/options';
import { type NumberedExample, toJsonLines } from '../examples/examples';
import { IMAGES, imageFile } from '../examples/image_file';
import { prepareExamples } from '../examples/prepare_examples';
import { isPair, latestOf, noData, type ProfileData } from '../feedback/feedback';
import { storedChanges } from '../feedback/profile_data';
import type { ProfileHost } from '../host';
import { freshState, type OpenedProfile, withSettings } from '../open';
import type { ProfileOptions } from '../types';
import { ABOUT, EXAMPLES, PREFERENCES, RATINGS } from './file_parts';
import type { Changes, ProfileStorage } from './profile_storage';
import { readFiles, VERSION } from './read_files';
import { filesOf, type ProfileState, vectorsOf } from './record';

export function exportFiles(state: ProfileState, data: ProfileData): ReadonlyMap<string, Blob> {
  const { base, base_model, labels, problem_type, created_at, seed, seen, settings, solved, history } = state;
  const ratings = data.feedback.filter(({ example }) => !isPair(example));
  const preferences = data.feedback.filter(({ example }) => isPair(example));
  const known = { webvera_profile: VERSION, base, base_model, labels, problem_type };
  const feedback = { seen: state.feedback.seen, ratings: numbersOf(ratings), preferences: numbersOf(preferences) };
  const arrivals = numbersOf(data.examples);
  const about = { ...known, created_at, seed, seen, settings, solved, history, arrivals, feedback };
  const images = data.examples.flatMap(({ example }) => ('prepared' in example ? [example.prepared] : []));
  return new Map([
    ...Object.entries(filesOf(state.vectors)),
    [EXAMPLES, linesIn(data.examples)],
    ...(images.length === 0 ? [] : [[IMAGES, imageFile(images)] as const]),
    ...(ratings.length === 0 ? [] : [[RATINGS, linesIn(ratings)] as const]),
    ...(preferences.length === 0 ? [] : [[PREFERENCES, linesIn(preferences)] as const]),
    [ABOUT, new Blob([`${JSON.stringify(about, null, 2)}\n`], { type: 'application/json' })],
  ]);
}

function numbersOf(list: readonly NumberedExample[]): number[] {
  return list.map(({ n }) => n);
}

function linesIn(list: readonly NumberedExample[]): Blob {
  return new Blob([toJsonLines(unnumbered(list))], { type: 'application/jsonl' });
}

function unnumbered(list: readonly NumberedExample[]): SentExample[] {
  return list.map(({ example }) => example);
}

/**
 * Stores a profile from its files, and loads its adapter onto the model. If it rejects, nothing has changed. Its signal cancels it until
 * it begins to store the profile.
 */
export async function importStored(
  host: ProfileHost,
  storage: ProfileStorage,
  files: Files,
  options: ProfileOptions,
): Promise<OpenedProfile> {
  const { adapter, changes, inMemory } = await placeFiles(host, storage.id, files, options);
  try {
    await storage.change(async (stored) => {
      options.signal?.throwIfAborted();
      if (stored === undefined) return changes;
      throw inUse(storage.id);
    });
    return { state: changes.state, adapter, inMemory };
  } catch (error) {
    await host.remove(adapter).catch(() => {}); // the first error is the one to report
    throw error;
  }
}

/** A profile that was read from files, and whose adapter is loaded onto the model. */
interface PlacedProfile extends Pick<OpenedProfile, 'adapter' | 'inMemory'> {
  /** The changes that store the profile. */
  readonly changes: Changes;
}

/** Reads a profile's files, and loads their adapter onto the model, which also checks the adapter's tensors. */
export async function placeFiles(
  host: ProfileHost,
  id: string,
  files: Files,
  options: ProfileOptions,
): Promise<PlacedProfile> {
  const base = await host.known();
  const { image_size } = host.base[partsKey].info;
  const { adapter: adapterFiles, imported, ...read } = await readFiles(files, { base, image_size });
  const [examples, feedback] = [read.data.examples, latestOf(read.data.feedback)];
  const prepared = await prepareExamples(host.base, unnumbered(examples));
  await prepareExamples(host.base, unnumbered(feedback));
  const data = { examples: prepared.map((example, index) => ({ n: examples[index]?.n ?? index, example })), feedback };
  const adapter = host.newName(id);
  try {
    await host.place(adapter, adapterFiles);
    const { base_model, settings, seen, feedback: counts, solved, history } = imported;
    const vectors = await vectorsOf(await host.read(adapter, settings));
    const fresh = freshState({ ...base, base_model, vectors, settings });
    const begun = { ...fresh, seed: imported.seed ?? fresh.seed, seen, feedback: counts, solved, history };
    const { state, data: fewer } = withSettings(host, begun, data, options);
    const all = { ...data, ...fewer };
    const inMemory = state.settings.keep_examples ? noData : all;
    return { adapter, inMemory, changes: storedChanges({ state, data: all }) };
  } catch (error) {
    await host.remove(adapter).catch(() => {}); // the first error is the one to report
    throw error;
  }
}

export function inUse(id: string): WebVeraError {
  return wrong('Profile.import: id', 'one that is not in use', id, 'Forget that profile first, or take another id.');
}

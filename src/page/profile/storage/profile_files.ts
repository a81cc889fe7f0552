import type { WebVeraError } from '../../../core/errors/error';
import type { Files } from '../../../core/input/named_files';
import { partsKey } from '../../models/remote_model';
import { wrong } from '../../session/options';
import { type NumberedExample, toJsonLines } from '../examples/examples';
import { IMAGES, imageFile } from '../examples/image_file';
import { prepareExamples } from '../examples/prepare_examples';
import type { ProfileHost } from '../host';
import { freshState, type OpenedProfile, withExamples, withSettings } from '../open';
import type { ProfileOptions } from '../types';
import type { ProfileStorage } from './profile_storage';
import { ABOUT, EXAMPLES, readFiles, VERSION } from './read_files';
import { filesOf, type ProfileState, vectorsOf } from './record';

export function exportFiles(state: ProfileState, kept: readonly NumberedExample[]): ReadonlyMap<string, Blob> {
  const { base, base_model, labels, problem_type, created_at, seed, seen, settings, history } = state;
  const arrivals = kept.map(({ n }) => n);
  const known = { webvera_profile: VERSION, base, base_model, labels, problem_type };
  const about = { ...known, created_at, seed, seen, settings, history, arrivals };
  const examples = kept.map(({ example }) => example);
  const images = examples.flatMap((example) => ('prepared' in example ? [example.prepared] : []));
  return new Map([
    ...Object.entries(filesOf(state.vectors)),
    [EXAMPLES, new Blob([toJsonLines(examples)], { type: 'application/jsonl' })],
    ...(images.length === 0 ? [] : [[IMAGES, imageFile(images)] as const]),
    [ABOUT, new Blob([`${JSON.stringify(about, null, 2)}\n`], { type: 'application/json' })],
  ]);
}

/** Stores a profile from its files, and places its adapter on the model. If anything fails, nothing has changed. */
export async function importStored(
  host: ProfileHost,
  storage: ProfileStorage,
  files: Files,
  options: ProfileOptions,
): Promise<OpenedProfile> {
  const { adapter, state, kept } = await placeFiles(host, storage.id, files, options);
  try {
    await storage.change(async (stored) => {
      if (stored === undefined) return withExamples(state, kept);
      throw inUse(storage.id);
    });
    return { ...withExamples(state, kept), adapter, inMemory: state.settings.keep_examples ? [] : kept };
  } catch (error) {
    await host.remove(adapter).catch(() => {}); // the first error is the one to report
    throw error;
  }
}

/** Reads a profile's files, and places the adapter on the model, which also checks its tensors. */
export async function placeFiles(
  host: ProfileHost,
  id: string,
  files: Files,
  options: ProfileOptions,
): Promise<{ readonly adapter: string; readonly state: ProfileState; readonly kept: readonly NumberedExample[] }> {
  const base = await host.known();
  const { image_size } = host.base[partsKey].info;
  const { adapter: adapterFiles, imported, ...read } = await readFiles(files, { base, image_size });
  const checked = await prepareExamples(
    host.base,
    read.examples.map(({ example }) => example),
  );
  const examples = checked.map((example, index) => ({ n: read.examples[index]?.n ?? index, example }));
  const adapter = host.newName(id);
  try {
    await host.place(adapter, adapterFiles);
    const vectors = await vectorsOf(await host.read(adapter));
    const { base_model, settings, seen, history } = imported;
    const fresh = freshState({ ...base, base_model, vectors, settings });
    const begun = { ...fresh, seed: imported.seed ?? fresh.seed, seen, history };
    return { adapter, ...withSettings(begun, examples, options) };
  } catch (error) {
    await host.remove(adapter).catch(() => {}); // the first error is the one to report
    throw error;
  }
}

export function inUse(id: string): WebVeraError {
  return wrong('Profile.import: id', 'one that is not in use', id, 'Forget that profile first, or take another id.');
}

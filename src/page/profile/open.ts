import type { TrainingArguments } from '../../core/types/training';
import { partsKey } from '../models/remote_model';
import { defined } from '../session/options';
import { bytesIn, type NumberedExample, sampleFairly } from './examples/examples';
import { expectArguments, expectBase, expectConfig, type KnownBase, profileConfig, sideBySide } from './fits';
import type { ProfileHost } from './host';
import type { Changes, ProfileStorage } from './storage/profile_storage';
import { filesOf, type ProfileSettings, type ProfileState, vectorsOf } from './storage/record';
import type { ProfileOptions } from './types';

/** A profile whose adapter is placed on the model. */
export interface OpenedProfile {
  readonly state: ProfileState;
  readonly adapter: string;
  /** The examples, if they are only held in memory. */
  readonly inMemory: readonly NumberedExample[];
}

export const MOST_EXAMPLES = 1000;

/** Opens a stored profile, or creates it, and places its adapter on the model. If it fails, nothing has changed. */
export async function openStored(
  host: ProfileHost,
  storage: ProfileStorage,
  options: ProfileOptions,
): Promise<OpenedProfile> {
  expectArguments(options.args);
  const base = await host.known();
  const adapter = host.newName(storage.id);
  let inMemory: readonly NumberedExample[] = [];
  try {
    const { state } = await storage.change(async (stored) => {
      if (stored === undefined) return { state: await begin(host, adapter, base, options) };
      expectBase(stored.state, base);
      const { state: next, kept } = withSettings(stored.state, stored.examples(), options);
      await host.place(adapter, filesOf(next.vectors));
      if (!next.settings.keep_examples) inMemory = kept;
      return withExamples({ ...next, labels: base.labels }, kept);
    });
    return { state, adapter, inMemory };
  } catch (error) {
    await host.remove(adapter).catch(() => {}); // the first error is the one to report
    throw error;
  }
}

/** Creates a profile with an untrained adapter. */
async function begin(
  host: ProfileHost,
  adapter: string,
  base: KnownBase,
  options: ProfileOptions,
): Promise<ProfileState> {
  const { peft_config = {}, args = {}, max_examples = MOST_EXAMPLES, keep_examples = true } = options;
  const { trainsHead } = host.base[partsKey].info.task;
  const config = sideBySide(profileConfig({ ...trainsHead, ...peft_config }));
  const vectors = await vectorsOf(await host.begin(adapter, config));
  const base_model = config.base_model_name_or_path ?? nameOf(host.base.config);
  return freshState({ ...base, base_model, vectors, settings: { peft_config, args, max_examples, keep_examples } });
}

export function freshState(
  begun: Pick<ProfileState, 'base' | 'base_model' | 'labels' | 'problem_type' | 'vectors' | 'settings'>,
): ProfileState {
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  const now = Date.now();
  return {
    ...begun,
    born: crypto.randomUUID(),
    created_at: now,
    used_at: now,
    seed,
    seen: 0,
    example_count: 0,
    example_bytes: 0,
    version: 0,
    previous: null,
    history: [],
  };
}

/** Applies new settings to a stored profile. Returns its state and the examples that still fit into `max_examples`. */
export function withSettings(
  state: ProfileState,
  examples: readonly NumberedExample[],
  options: ProfileOptions,
): { readonly state: ProfileState; readonly kept: readonly NumberedExample[] } {
  expectArguments(options.args);
  expectConfig(state.settings.peft_config, options.peft_config);
  const { args, max_examples, keep_examples } = { ...state.settings, ...defined(options) };
  const settings = { peft_config: state.settings.peft_config, args, max_examples, keep_examples };
  const kept = sampleFairly(examples, [], { seed: state.seed, seen: state.seen, most: max_examples });
  return { state: { ...state, used_at: Date.now(), settings }, kept };
}

/** The changes that store examples, or that delete the stored ones if `keep_examples` is false. */
export function withExamples(state: ProfileState, kept: readonly NumberedExample[]): Changes {
  const { keep_examples } = state.settings;
  const examples = keep_examples ? kept : [];
  const example_bytes = bytesIn(examples.map(({ example }) => example));
  const next = { ...state, example_count: examples.length, example_bytes };
  // An unfinished run stores examples too.
  return { state: next, examples, ...(!keep_examples && { unfinished: null }) };
}

function nameOf(config: Readonly<Record<string, unknown>>): string | null {
  const name = config._name_or_path;
  return typeof name === 'string' && name !== '' ? name : null;
}

/** The arguments of one `learn`: its own override the profile's. */
export function learnArguments(settings: ProfileSettings, own: TrainingArguments = {}): TrainingArguments {
  const args = { ...settings.args, ...own };
  expectArguments(args);
  // A run can't resume in another page without its examples.
  return settings.keep_examples ? args : { ...args, save_strategy: 'no' };
}

import { USUAL } from '../../core/numbers/usual_arguments';
import type { PredictOptions } from '../../core/types/prediction';
import { partsKey } from '../models/remote_model';
import { copied, defined, readable } from '../session/options';
import { noData, noFeedback, type ProfileData } from './feedback/feedback';
import { type DataChanges, recounted, sampledData, storedChanges } from './feedback/profile_data';
import {
  expectArguments,
  expectBase,
  expectConfig,
  expectFeedbackArguments,
  givenFields,
  type KnownBase,
  profileConfig,
  sideBySide,
} from './fits';
import type { ProfileHost } from './host';
import type { ProfileStorage } from './storage/profile_storage';
import { filesOf, type LearnArguments, type ProfileSettings, type ProfileState, vectorsOf } from './storage/record';
import type { ProfileOptions } from './types';

/** A profile whose adapter is loaded onto the model. */
export interface OpenedProfile {
  readonly state: ProfileState;
  readonly adapter: string;
  /** The examples, ratings and preferences, if the profile only holds them in memory; else empty. */
  readonly inMemory: ProfileData;
}

/** The default settings of a profile. */
export const usualSettings: ProfileSettings = {
  peft_config: {},
  args: {},
  max_examples: 1000,
  keep_examples: true,
  save_dtype: 'float32',
};

/**
 * Opens a stored profile, or creates it, and loads its adapter onto the model. If it rejects, nothing has changed. Its signal cancels it
 * until it begins to store the changes.
 */
export async function openStored(
  host: ProfileHost,
  storage: ProfileStorage,
  options: ProfileOptions,
): Promise<OpenedProfile> {
  expectArguments(options.args);
  const base = await host.known();
  const adapter = host.newName(storage.id);
  let inMemory = noData;
  try {
    const { state } = await storage.change(
      async (stored) => {
        if (stored === undefined) return { state: await begin(host, adapter, base, options) };
        expectBase(stored.state, base);
        // Reads and checks all data, so that a profile with damaged data isn't opened.
        const before = { examples: stored.examples(), feedback: stored.feedback() };
        const { state: next, data } = withSettings(host, recounted(stored.state, before.feedback), before, options);
        await host.place(adapter, filesOf(next.vectors));
        options.signal?.throwIfAborted();
        if (!next.settings.keep_examples) inMemory = { ...before, ...data };
        return storedChanges({ state: { ...next, labels: base.labels }, data });
      },
      'examples',
      'feedback',
    );
    return { state, adapter, inMemory };
  } catch (error) {
    await host.remove(adapter).catch(() => {}); // the first error is the one to report
    throw error;
  }
}

/** Creates an untrained adapter, and returns the state of a new profile. */
async function begin(
  host: ProfileHost,
  adapter: string,
  base: KnownBase,
  options: ProfileOptions,
): Promise<ProfileState> {
  const settings = settingsOf(usualSettings, options);
  const config = sideBySide(profileConfig(withHead(host, settings.peft_config)));
  const vectors = await vectorsOf(await host.begin(adapter, config, settings));
  options.signal?.throwIfAborted();
  const base_model =
    config.base_model_name_or_path ?? nameOf(host.base.config) ?? host.base[partsKey].sourceName ?? null;
  const { has_new_head } = host.base[partsKey].info;
  return { ...freshState({ ...base, base_model, vectors, settings }), solved: has_new_head };
}

export function freshState({
  base,
  base_model,
  labels,
  problem_type,
  vectors,
  settings,
}: Pick<ProfileState, 'base' | 'base_model' | 'labels' | 'problem_type' | 'vectors' | 'settings'>): ProfileState {
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  const now = Date.now();
  return {
    ...{ base, base_model, labels, problem_type, vectors, settings },
    born: crypto.randomUUID(),
    created_at: now,
    used_at: now,
    seed,
    seen: 0,
    example_count: 0,
    example_bytes: 0,
    feedback: noFeedback,
    version: 0,
    solved: false,
    previous: null,
    previous_solved: false,
    history: [],
  };
}

/** Returns the settings `before`, overridden by those in `options`. */
function settingsOf(before: ProfileSettings, options: ProfileOptions): ProfileSettings {
  const { peft_config, args, max_examples, keep_examples, save_dtype } = { ...before, ...defined(options) };
  return copied({
    peft_config: givenFields(peft_config),
    args: defined(args),
    max_examples,
    keep_examples,
    save_dtype,
  });
}

/** Returns the fields of a configuration, after adding the defaults with which an adapter of this base model trains its head. */
function withHead(host: ProfileHost, fields: ProfileSettings['peft_config']): ProfileSettings['peft_config'] {
  return { ...host.base[partsKey].info.task.trainsHead, ...defined(fields) };
}

/**
 * Applies new settings to a stored profile. Returns its state, and the lists of data that must be written: those that shrink to fit into
 * `max_examples`.
 */
export function withSettings(
  host: ProfileHost,
  state: ProfileState,
  data: ProfileData,
  options: ProfileOptions,
): DataChanges {
  expectArguments(options.args);
  expectConfig(withHead(host, state.settings.peft_config), options.peft_config, withHead(host, {}));
  const settings = { ...settingsOf(state.settings, options), peft_config: state.settings.peft_config };
  const next = { ...state, used_at: Date.now(), settings };
  return { state: next, data: sampledData(next, data) };
}

function nameOf(config: Readonly<Record<string, unknown>>): string | null {
  const name = config._name_or_path;
  return typeof name === 'string' && name !== '' ? name : null;
}

/** Returns the arguments of one `learn`: those given to the call override the profile's. */
export function learnArguments(
  settings: ProfileSettings,
  { args = {}, preferences = {}, ratings = {} }: Partial<LearnArguments>,
): LearnArguments {
  const given = copied({
    args: { ...settings.args, ...defined(args) },
    preferences: defined(preferences),
    ratings: defined(ratings),
  });
  expectArguments(given.args);
  expectFeedbackArguments(given);
  if (settings.keep_examples) return given;
  // Without stored examples, a run can't resume in another page, so it stores no checkpoints.
  const unsaved = { save_strategy: 'no' } as const;
  return {
    args: { ...given.args, ...unsaved },
    preferences: { ...given.preferences, ...unsaved },
    ratings: { ...given.ratings, ...unsaved },
  };
}

/**
 * Returns the `max_length` in `options`, else in the profile's arguments, else the default of `learn`. Predictions need the value of
 * training, because a head fits only the features of texts that were truncated to the same length.
 */
export function lengthIn(
  { settings }: ProfileState,
  options: PredictOptions,
): Required<Pick<PredictOptions, 'max_length'>> {
  const { max_length = settings.args.max_length ?? USUAL.max_length } = readable(options);
  return { max_length };
}

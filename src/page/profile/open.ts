import { VeraConfig, type VeraConfigInit } from '../../adapters/config';
import { WebVeraError } from '../../core/error';
import type { TrainingArguments } from '../../core/training';
import { defined, wrong } from '../options';
import { resolveTrainingArguments } from '../training_arguments';
import type { ProfileHost } from './host';
import { filesOf, type ProfileSettings, type ProfileState, type Vectors, vectorsOf } from './record';
import { adapterName, type Changes, type ProfileShelf, type StoredProfile } from './shelf';
import type { ProfileOptions } from './types';

/** What a profile has that begins, beyond what PEFT's adapters do. */
const FRESH: VeraConfigInit = { target_modules: 'all-linear', save_projection: false };
export const MOST_EXAMPLES = 1000;

/** Opens what is stored, or begins it, and puts its adapter on the model. Whatever fails, nothing has changed. */
export async function openStored(
  host: ProfileHost,
  shelf: ProfileShelf,
  options: ProfileOptions,
): Promise<ProfileState> {
  resolveTrainingArguments(options.args);
  const base = await host.identity();
  let placed: string | undefined;
  try {
    const { state } = await shelf.change(async (stored) => {
      options.signal?.throwIfAborted();
      if (stored === undefined) {
        placed = adapterName(shelf.id, 0);
        return { state: await begin(host, shelf.id, base, options) };
      }
      expectBase(stored.state, base);
      const changes = withSettings(stored, options);
      placed = adapterName(shelf.id, stored.state.version);
      await host.place(placed, filesOf(stored.state.vectors));
      return changes;
    });
    return state;
  } catch (error) {
    if (placed !== undefined) await host.remove(placed).catch(() => {}); // the first error tells
    throw error;
  }
}

/** A profile that hasn't learnt anything yet. */
async function begin(host: ProfileHost, id: string, base: string, options: ProfileOptions): Promise<ProfileState> {
  const { peft_config = {}, args = {}, max_examples = MOST_EXAMPLES, keep_examples = true } = options;
  const config = vectorsAlone(new VeraConfig({ ...FRESH, ...peft_config }));
  const vectors = await vectorsOf(await host.begin(adapterName(id, 0), config));
  const base_model = config.base_model_name_or_path ?? nameOf(host.base.config);
  return freshState({ base, base_model, vectors, settings: { peft_config, args, max_examples, keep_examples } });
}

export function freshState({
  base,
  base_model,
  vectors,
  settings,
}: {
  readonly base: string;
  readonly base_model: string | null;
  readonly vectors: Vectors;
  readonly settings: ProfileSettings;
}): ProfileState {
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  const now = Date.now();
  return {
    born: crypto.randomUUID(),
    base,
    base_model,
    created_at: now,
    used_at: now,
    seed,
    seen: 0,
    kept: 0,
    example_bytes: 0,
    version: 0,
    settings,
    vectors,
    previous: null,
    history: [],
  };
}

/** A profile as it was left, with the settings that are given now. What isn't to be stored any more goes. */
export function withSettings({ state }: StoredProfile, options: ProfileOptions): Changes {
  expectConfig(state.settings.peft_config, options.peft_config);
  const { args, max_examples, keep_examples } = { ...state.settings, ...defined(options) };
  const settings = { peft_config: state.settings.peft_config, args, max_examples, keep_examples };
  const next = { ...state, used_at: Date.now(), settings };
  return keep_examples ? { state: next } : { state: { ...next, kept: 0, example_bytes: 0 }, examples: [] };
}

/** Vectors mean something over the weights that they were trained over, and nowhere else. */
export function expectBase(kept: Pick<ProfileState, 'base' | 'base_model'>, base: string): void {
  if (kept.base === base) return;
  const name = kept.base_model === null ? 'the base model that it began with' : `its base model ${kept.base_model}`;
  throw new WebVeraError('invalid_argument', `profile: expected ${name}, got a model with other weights`, {
    hint: 'Load the same weights in the same dtype, or take another id for this model.',
    detail: { expected: kept.base, got: base },
  });
}

function expectConfig(kept: VeraConfigInit, given: VeraConfigInit | undefined): void {
  for (const [key, value] of Object.entries(given ?? {})) {
    const before = new VeraConfig({ ...FRESH, ...kept })[key as keyof VeraConfigInit];
    if (value === undefined || JSON.stringify(before) === JSON.stringify(value)) continue;
    const hint = 'What has been learnt fits the old one alone: leave it out, take another id, or forget the profile.';
    throw wrong(`profile: peft_config.${key}`, `${JSON.stringify(before)}, as it began`, value, hint);
  }
}

/** Adapters of many profiles stand side by side, and only vectors can. */
export function vectorsAlone(config: VeraConfig): VeraConfig {
  if (config.bias !== 'none') throw wrong('profile: peft_config.bias', "'none'", config.bias);
  if (config.modules_to_save !== null)
    throw wrong('profile: peft_config.modules_to_save', 'null', config.modules_to_save);
  return config;
}

function nameOf(config: Readonly<Record<string, unknown>>): string | null {
  const name = config._name_or_path;
  return typeof name === 'string' && name !== '' ? name : null;
}

/** The arguments of one `learn`: its own on top of the profile's. */
export function learnArguments(settings: ProfileSettings, own: TrainingArguments = {}): TrainingArguments {
  const args = { ...settings.args, ...own };
  resolveTrainingArguments(args);
  // Without its examples a run can't go on in another page.
  return settings.keep_examples ? args : { ...args, save_strategy: 'no' };
}

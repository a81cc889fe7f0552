import { type TrainingArguments, VeraConfig, type VeraConfigInit } from 'webvera';
import { checkNumbers, settingsFields } from '../../run/settings_fields';
import { presets } from './presets';

/** The numbers in the form. */
export type NumberName = keyof typeof settingsFields;

/** The schedules in the form, with their names for visitors. */
export const schedules = { linear: 'Linear', cosine: 'Cosine', constant_with_warmup: 'Constant' } as const;
type Schedule = keyof typeof schedules;
const scheduleNames = Object.keys(schedules) as Schedule[];

export type Settings = Readonly<Record<NumberName, number>> & {
  readonly lr_scheduler_type: Schedule;
  readonly gradient_checkpointing: boolean;
  readonly target_modules: readonly string[];
};

/** A run is measured so many times on the part that is held out. */
const MEASURED = 10;

/** The linear layers of a Llama-type block. */
export const llamaLinears = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;

export const defaultSettings: Settings = {
  ...presets.good.numbers,
  learning_rate: 1e-1,
  r: 64,
  seed: 42,
  lr_scheduler_type: 'linear',
  gradient_checkpointing: false,
  target_modules: llamaLinears,
};

/** The contents of the form. */
export type RawSettings = Readonly<Record<NumberName | 'lr_scheduler_type' | 'gradient_checkpointing', string>> & {
  readonly target_modules: readonly string[];
};

/** Reads the form. `settings` is undefined if there are problems. `context`: the most tokens that the model takes. */
export function checkSettings(
  raw: RawSettings,
  context?: number,
): { readonly settings: Settings | undefined; readonly problems: ReadonlyMap<keyof Settings, string> } {
  const { max_length } = settingsFields;
  const longest = { ...max_length, range: { ...max_length.range, max: context ?? max_length.range.max } };
  const checked = checkNumbers({ ...settingsFields, max_length: longest }, raw);
  const { numbers } = checked;
  const problems = new Map<keyof Settings, string>(checked.problems);
  if (numbers.warmup_steps > numbers.max_steps && !problems.has('warmup_steps') && !problems.has('max_steps')) {
    problems.set('warmup_steps', `At most the ${numbers.max_steps} steps of the run.`);
  }
  if (raw.target_modules.length === 0) problems.set('target_modules', 'Choose one at least.');
  const settings = {
    ...numbers,
    lr_scheduler_type: scheduleNames.find((name) => name === raw.lr_scheduler_type) ?? 'linear',
    gradient_checkpointing: raw.gradient_checkpointing === 'true',
    target_modules: raw.target_modules,
  };
  return { settings: problems.size === 0 ? settings : undefined, problems };
}

export function toVeraConfig(settings: Settings, base_model_name_or_path: string): VeraConfig {
  return new VeraConfig({ ...toAdapter(settings), base_model_name_or_path });
}

export function toAdapter({ r, target_modules }: Settings): VeraConfigInit {
  // A and B can be made again from their seed. Without them, an adapter has a few kilobytes.
  return { r, target_modules, task_type: 'CAUSAL_LM', save_projection: false };
}

export function toTrainingArguments({ r: _, target_modules: __, ...args }: Settings): TrainingArguments {
  const eval_steps = Math.max(1, Math.round(args.max_steps / MEASURED));
  return { ...args, eval_strategy: 'steps', eval_steps, load_best_model_at_end: true };
}

import { type TrainingArguments, VeraConfig, type VeraConfigInit } from 'webvera';

export const numberFields = [
  'max_steps',
  'learning_rate',
  'per_device_train_batch_size',
  'max_length',
  'r',
  'warmup_steps',
  'seed',
] as const;
export type NumberField = (typeof numberFields)[number];

export const schedules = ['linear', 'cosine', 'constant_with_warmup'] as const;
export type Schedule = (typeof schedules)[number];

export type Settings = Readonly<Record<NumberField, number>> & {
  readonly lr_scheduler_type: Schedule;
  readonly gradient_checkpointing: boolean;
  readonly target_modules: readonly string[];
};
export type SettingName = keyof Settings;

/** The linear layers of a Llama-type block. */
export const llamaLinears = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;

/** 150 steps of 2 × 128 tokens: some minutes without a graphics card, seconds with one. */
export const defaultSettings: Settings = {
  max_steps: 150,
  learning_rate: 6e-2,
  per_device_train_batch_size: 2,
  max_length: 128,
  r: 64,
  warmup_steps: 10,
  seed: 42,
  lr_scheduler_type: 'linear',
  gradient_checkpointing: false,
  target_modules: llamaLinears,
};

/** What stands in the form. */
export type RawSettings = Readonly<Record<NumberField | 'lr_scheduler_type' | 'gradient_checkpointing', string>> & {
  readonly target_modules: readonly string[];
};

export interface Checked {
  /** undefined where there are problems. */
  readonly settings: Settings | undefined;
  readonly problems: ReadonlyMap<SettingName, string>;
}

export interface Range {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

export const whole = (min: number, max: number): Range => ({ min, max, whole: true });
const ranges: Readonly<Record<NumberField, Range>> = {
  max_steps: whole(1, 100_000),
  learning_rate: { min: 1e-6, max: 1, whole: false },
  per_device_train_batch_size: whole(1, 64),
  max_length: whole(8, 4096),
  r: whole(1, 1024),
  warmup_steps: whole(0, 100_000),
  seed: whole(0, 4_294_967_295),
};

/** Reads the form. `context`: how many tokens the model can take at most. */
export function checkSettings(raw: RawSettings, context?: number): Checked {
  const problems = new Map<SettingName, string>();
  const numbers = { ...defaultSettings } as Record<NumberField, number>;
  for (const name of numberFields) {
    const range =
      name === 'max_length' && context !== undefined ? { ...ranges.max_length, max: context } : ranges[name];
    const value = toNumber(raw[name]);
    const problem = outside(value, range);
    if (problem === undefined) numbers[name] = value;
    else problems.set(name, problem);
  }
  if (numbers.warmup_steps > numbers.max_steps && !problems.has('warmup_steps')) {
    problems.set('warmup_steps', `At most the ${numbers.max_steps} steps of the run.`);
  }
  if (raw.target_modules.length === 0) problems.set('target_modules', 'Choose one at least.');
  const lr_scheduler_type = schedules.find((name) => name === raw.lr_scheduler_type) ?? 'linear';
  const gradient_checkpointing = raw.gradient_checkpointing === 'true';
  const { target_modules } = raw;
  const settings = { ...numbers, lr_scheduler_type, gradient_checkpointing, target_modules };
  return { settings: problems.size === 0 ? settings : undefined, problems };
}

export function toVeraConfig(settings: Settings, base_model_name_or_path: string): VeraConfig {
  return new VeraConfig({ ...toAdapter(settings), base_model_name_or_path });
}

export function toAdapter({ r, target_modules }: Settings): VeraConfigInit {
  // The projections come again from their seed, so that an adapter is only kilobytes.
  return { r, target_modules, task_type: 'CAUSAL_LM', save_projection: false };
}

export function toTrainingArguments({ r: _, target_modules: __, ...args }: Settings): TrainingArguments {
  return args;
}

/** NaN for what is no number; '' isn't 0 here. */
export function toNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** What is wrong with a number, in words. */
export function outside(value: number, { min, max, whole }: Range): string | undefined {
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return undefined;
  const kind = whole ? 'A whole number' : 'A number';
  return `${kind} from ${min.toLocaleString('en', { maximumFractionDigits: 6 })} to ${max.toLocaleString('en')}.`;
}

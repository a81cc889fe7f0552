import type { TrainingArguments } from 'webvera';
import { checkNumbers, settingsFields } from '../../run/settings_fields';
import { hasNumber, type MethodKey, methodNames, methods } from './methods';
import { presets } from './presets';

/** The names of the form's number fields. */
export type NumberName = keyof typeof settingsFields;

/** The schedules in the form, with their names for visitors. */
export const schedules = { linear: 'Linear', cosine: 'Cosine', constant_with_warmup: 'Constant' } as const;
type Schedule = keyof typeof schedules;
const scheduleNames = Object.keys(schedules) as Schedule[];

export type Settings = Readonly<Record<NumberName, number>> & {
  readonly peft_type: MethodKey;
  readonly lr_scheduler_type: Schedule;
  readonly gradient_checkpointing: boolean;
  readonly target_modules: readonly string[];
};

/** The number of times that a training run is measured on the held-out part. */
const MEASURED = 10;

/** The linear layers in a transformer block of a Llama-like model. */
export const llamaLinears = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;

export const defaultSettings: Settings = {
  ...presets.good.numbers,
  ...methods.UNILORA.numbers,
  ...methods.VERA.numbers,
  peft_type: 'VERA',
  seed: 42,
  lr_scheduler_type: 'linear',
  gradient_checkpointing: false,
  target_modules: llamaLinears,
};

/** The contents of the form, not yet checked. */
export type RawSettings = Readonly<
  Record<NumberName | 'peft_type' | 'lr_scheduler_type' | 'gradient_checkpointing', string>
> & {
  readonly target_modules: readonly string[];
};

/** Reads the form. `settings` is undefined if there are problems. `context`: the most tokens that the model takes. */
export function checkSettings(
  raw: RawSettings,
  context?: number,
): { readonly settings: Settings | undefined; readonly problems: ReadonlyMap<keyof Settings, string> } {
  const { max_length } = settingsFields;
  const longest = { ...max_length, range: { ...max_length.range, max: context ?? max_length.range.max } };
  const peft_type = methodNames.find((name) => name === raw.peft_type) ?? 'VERA';
  // A field that the method lacks is hidden, so its number stays the default.
  const shown = (name: NumberName): string => (hasNumber(peft_type, name) ? raw[name] : String(defaultSettings[name]));
  const names = Object.keys(settingsFields) as NumberName[];
  const texts = Object.fromEntries(names.map((name) => [name, shown(name)])) as Record<NumberName, string>;
  const checked = checkNumbers({ ...settingsFields, max_length: longest }, texts);
  const { numbers } = checked;
  const problems = new Map<keyof Settings, string>(checked.problems);
  if (numbers.warmup_steps > numbers.max_steps && !problems.has('warmup_steps') && !problems.has('max_steps')) {
    problems.set('warmup_steps', `At most the ${numbers.max_steps} steps of the run.`);
  }
  if (raw.target_modules.length === 0) problems.set('target_modules', 'Choose one at least.');
  const settings = {
    ...numbers,
    peft_type,
    lr_scheduler_type: scheduleNames.find((name) => name === raw.lr_scheduler_type) ?? 'linear',
    gradient_checkpointing: raw.gradient_checkpointing === 'true',
    target_modules: raw.target_modules,
  };
  return { settings: problems.size === 0 ? settings : undefined, problems };
}

export function toTrainingArguments(settings: Settings): TrainingArguments {
  const { r: _, theta_d_length: __, peft_type: ___, target_modules: ____, ...args } = settings;
  const eval_steps = Math.max(1, Math.round(args.max_steps / MEASURED));
  return { ...args, eval_strategy: 'steps', eval_steps, load_best_model_at_end: true };
}

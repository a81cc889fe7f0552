export interface Range {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

/** A number field in the settings of a training run. */
export interface SettingsField {
  readonly label: string;
  readonly note: string;
  readonly range: Range;
}

export const whole = (min: number, max: number): Range => ({ min, max, whole: true });

/** The number fields that a page may offer to a visitor, in the order of the form. */
export const settingsFields = {
  max_steps: { label: 'Steps', note: 'More steps learn more, and take longer.', range: whole(1, 100_000) },
  learning_rate: {
    label: 'Learning rate',
    note: 'How far each step goes.',
    range: { min: 1e-6, max: 1, whole: false },
  },
  per_device_train_batch_size: { label: 'Batch', note: 'Pieces of text in a step.', range: whole(1, 64) },
  max_length: { label: 'Length', note: 'Tokens in a piece.', range: whole(8, 4096) },
  r: { label: 'Rank', note: 'Size of the adapter.', range: whole(1, 1024) },
  theta_d_length: { label: 'Numbers', note: 'How many numbers learn.', range: whole(1, 1_000_000) },
  warmup_steps: { label: 'Warm-up steps', note: 'Steps of growing rate.', range: whole(0, 100_000) },
  seed: { label: 'Seed', note: 'The same seed, the same run.', range: whole(0, 4_294_967_295) },
} as const satisfies Readonly<Record<string, SettingsField>>;

/** Parses a number from a form. Returns NaN if the text is empty or isn't a number. */
export function toNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** Explains that a number is out of range; undefined if it isn't. */
export function outside(value: number, { min, max, whole }: Range): string | undefined {
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return undefined;
  const kind = whole ? 'A whole number' : 'A number';
  return `${kind} from ${min.toLocaleString('en', { maximumFractionDigits: 6 })} to ${max.toLocaleString('en')}.`;
}

/** Reads the numbers of a form. `problems` explains those that are out of range. */
export function checkNumbers<Name extends string>(
  fields: Readonly<Record<Name, Pick<SettingsField, 'range'>>>,
  texts: Readonly<Record<NoInfer<Name>, string>>,
): { readonly numbers: Readonly<Record<Name, number>>; readonly problems: Map<Name, string> } {
  const problems = new Map<Name, string>();
  const numbers = {} as Record<Name, number>;
  for (const name of Object.keys(fields) as Name[]) {
    numbers[name] = toNumber(texts[name]);
    const problem = outside(numbers[name], fields[name].range);
    if (problem !== undefined) problems.set(name, problem);
  }
  return { numbers, problems };
}

import { ALL_CASES, CASE_NAMES, type CaseName } from '../../../bench/workload/cases.mjs';
import type { DeviceCheck } from '../library/device';
import { formatCount } from '../page/format';
import { outside, toNumber } from '../run/settings_fields';

export { CASE_NAMES, type CaseName };

/** The lengths of a row that a visitor can choose, in tokens. Rows of other lengths would be padded. */
export const lengths = [64, 128, 256, 512, 1024] as const;

/** The default settings for a device. */
export function defaultsFor({ software }: Pick<DeviceCheck, 'software'>): { name: CaseName; length: number } {
  return software ? { name: 'tiny', length: 64 } : { name: 'smollm2-135m', length: 512 };
}

export function caseName(value: string): CaseName {
  return CASE_NAMES.find((name) => name === value) ?? 'tiny';
}

export function caseLabel(name: CaseName): string {
  const { label } = ALL_CASES[name];
  return label.charAt(0).toUpperCase() + label.slice(1);
}

/** Describes the model and the training step of a case. */
export function caseFacts(name: CaseName): string {
  const { shape, batch, ranks } = ALL_CASES[name];
  const { num_hidden_layers, hidden_size, vocab_size } = shape;
  const rows = batch === 1 ? '1 row' : `${batch} rows`;
  return `${num_hidden_layers} layers of ${hidden_size}, vocabulary ${formatCount(vocab_size)}; a step of ${rows} at rank ${ranks[0]}`;
}

export function roundsOf(name: CaseName): number {
  return ALL_CASES[name].rounds;
}

/** Whether a case's model takes rows of this length. */
export function takes(name: CaseName, length: number): boolean {
  const { longest } = ALL_CASES[name];
  return longest === undefined || length <= longest;
}

/** Explains what is wrong with the number of rounds; undefined if it is valid. */
export function roundsProblem(text: string): string | undefined {
  return outside(toNumber(text), { min: 1, max: 50, whole: true });
}

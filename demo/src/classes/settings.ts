import type { NumberField } from '../run/number_form';
import { type Range, whole } from '../write/training/settings';
import type { SettingName, Settings } from './kind';

const rate: Range = { min: 1e-6, max: 1, whole: false };

/** The fields of a run's settings, with a page's defaults. */
export function settingFields(defaults: Settings): Readonly<Record<SettingName, NumberField>> {
  const field = (name: SettingName, label: string, range: Range, note: string): NumberField => ({
    label,
    note,
    range,
    value: defaults[name],
  });
  return {
    max_steps: field('max_steps', 'Steps', whole(1, 10_000), 'More steps learn more, and take longer.'),
    learning_rate: field('learning_rate', 'Learning rate', rate, 'How far each step goes.'),
    headLearningRate: field('headLearningRate', 'Rate of the head', rate, 'For the layer that tells the classes.'),
    r: field('r', 'Rank', whole(1, 1024), 'Size of the adapter.'),
    seed: field('seed', 'Seed', whole(0, 4_294_967_295), 'The same seed, the same run.'),
  };
}

import { expect, test } from 'vitest';
import { configOf, methodNames, methods } from '../../../demo/src/write/teach/methods';
import { checkSettings, defaultSettings, type RawSettings } from '../../../demo/src/write/teach/settings';
import { PAGE_KINDS } from '../../../src/page/adapters/page_kinds';
import { veraPageKind } from '../../../src/page/adapters/vera/vera_model';

const raw = (changes: Partial<RawSettings> = {}): RawSettings => {
  const { target_modules, ...others } = defaultSettings;
  const texts = Object.fromEntries(Object.entries(others).map(([name, value]) => [name, String(value)]));
  return { ...(texts as unknown as RawSettings), target_modules, ...changes };
};

test("the form begins with the library's learning rate", () => {
  expect(defaultSettings.learning_rate).toBe(veraPageKind.learningRates.continues);
  expect(checkSettings(raw()).settings).toEqual(defaultSettings);
});

test('the form offers every kind of adapter, each with numbers of its own', () => {
  expect([...methodNames].sort()).toEqual(PAGE_KINDS.map(({ Config }) => Config.rules.peft_type).sort());
  for (const peft_type of methodNames) {
    const { settings, problems } = checkSettings(raw({ peft_type }));
    expect([...problems]).toEqual([]);
    const config = configOf({ ...settings!, ...methods[peft_type].numbers }, 'base');
    expect(config).toMatchObject({ peft_type, base_model_name_or_path: 'base', task_type: 'CAUSAL_LM' });
    expect(config.target_modules).toEqual(defaultSettings.target_modules);
  }
});

test('a number that the method lacks is neither read nor wrong', () => {
  const { settings, problems } = checkSettings(raw({ peft_type: 'IA3', r: 'many', theta_d_length: '' }));
  expect([...problems]).toEqual([]);
  expect(settings).toMatchObject({ peft_type: 'IA3', r: defaultSettings.r });
  expect([...checkSettings(raw({ peft_type: 'UNILORA', theta_d_length: '0' })).problems.keys()]).toEqual([
    'theta_d_length',
  ]);
});

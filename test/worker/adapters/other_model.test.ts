import { expect, test } from 'vitest';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { WebVeraError } from '../../../src/core/errors/error';
import { forThisModel } from '../../../src/worker/adapters/other_model';

const PEFTS = 'Target modules not found';
const fail = (detail: Record<string, unknown>) => (): never => {
  throw new WebVeraError('invalid_argument', PEFTS, { hint: 'Names are such as q_proj.', detail });
};

test('an adapter of another model gives PEFT’s error, with the modules that it was made for', () => {
  const config = new VeraConfig({ target_modules: ['query', 'value'], base_model_name_or_path: 'org/bert' });
  expect(() => forThisModel(config, fail({ target_modules: [] }))).toThrow(
    expect.objectContaining({
      message: PEFTS,
      hint: 'The adapter was made for org/bert, with modules query, value: load it over that model. Names are such as q_proj.',
    }),
  );
  const unnamed = new VeraConfig({ target_modules: 'query|value' });
  expect(() => forThisModel(unnamed, fail({ target_modules: '' }))).toThrow(
    expect.objectContaining({
      hint: expect.stringContaining('for another model, with modules that match query|value:'),
    }),
  );
});

test('long lists are cut', () => {
  const config = new VeraConfig({ target_modules: Array.from({ length: 9 }, (_, i) => `m${i}`) });
  expect(() => forThisModel(config, fail({ target_modules: [] }))).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('m5, and 3 more: load it') }),
  );
});

test('other errors and results pass', () => {
  const config = new VeraConfig();
  expect(forThisModel(config, () => 1)).toBe(1);
  expect(() => forThisModel(config, fail({}))).toThrow(expect.objectContaining({ hint: 'Names are such as q_proj.' }));
});

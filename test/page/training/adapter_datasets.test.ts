import { expect, test } from 'vitest';
import { adaptersOf, unmeasuredIn } from '../../../src/page/training/adapter_datasets';

const rows = [{ text: 'a' }];

test('data sets of adapters are given alone, or with one to be measured on', () => {
  const given = { ada: rows, ben: { train_dataset: rows, eval_dataset: rows } };
  const found = adaptersOf('Trainer', { adapters: given });
  expect(Object.fromEntries(found)).toEqual({ ada: { train_dataset: rows }, ben: given.ben });
  expect(unmeasuredIn(found)).toBe('adapters.ada.eval_dataset');
  expect(unmeasuredIn(adaptersOf('Trainer', { adapters: { ada: given.ben, ben: given.ben } }))).toBeUndefined();
});

test.each<[string, object, string]>([
  ['one adapter', { adapters: { ada: rows } }, 'Trainer: adapters: expected two adapters or more with their data sets'],
  ['no data', { adapters: { ada: rows, ben: 7 } }, 'Trainer: adapters.ben: expected an iterable of examples'],
  ['no data to train on', { adapters: { ada: rows, ben: { eval_dataset: rows } } }, 'Trainer: adapters.ben: expected'],
  ['another option', { adapters: { ada: rows, ben: { train_dataset: rows, dataset: rows } } }, 'dataset'],
  [
    'a data set of all',
    { adapters: { ada: rows, ben: rows }, train_dataset: rows },
    'Trainer: train_dataset: expected none',
  ],
  [
    'the name of one',
    { adapters: { ada: rows, ben: rows }, adapter_name: 'ada' },
    'Trainer: adapter_name: expected none',
  ],
])('%s is refused', (_what, options, message) => {
  expect(() => adaptersOf('Trainer', options)).toThrow(message);
});

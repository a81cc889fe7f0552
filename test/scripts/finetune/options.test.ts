import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readFinetuneOptions } from '../../../scripts/finetune/finetune_options.mjs';
import { checkModel } from '../../../scripts/finetune/inputs.mjs';
import { UsageError } from '../../../scripts/shared/options.mjs';
import { veraPageKind } from '../../../src/page/adapters/vera/vera_model';

const read = (...argv: string[]) => {
  const options = readFinetuneOptions(argv);
  if (options === 'help') throw new Error('expected options');
  return options;
};

test('the defaults train the bundled model on the bundled text', () => {
  const options = read();
  expect(options).toMatchObject({
    browser: 'chrome',
    out: resolve('out'),
    kernels: 'default',
    settings: {
      model: 'prose-1.4M',
      dtype: 'auto',
      text: 'moby-dick.txt',
      r: 64,
      target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
      max_steps: 150,
      warmup_steps: 10,
      learning_rate: veraPageKind.learningRates.continues,
      per_device_train_batch_size: 2,
      max_length: 128,
      gradient_accumulation_steps: 1,
      gradient_checkpointing: false,
      seed: 42,
    },
  });
  expect(options.model.gguf_file).toBeUndefined();
  expect(options.model.folder).toMatch(/demo[\\/]public[\\/]models[\\/]prose-1\.4M$/);
});

test('each option is used', () => {
  const argv = '--text a.txt --model m --out o --max_steps 3 --r 8 --learning_rate 1e-3 --max_length 32 --seed 7';
  expect(read(...argv.split(' '), '--browser', 'firefox')).toMatchObject({
    text: resolve('a.txt'),
    model: { folder: resolve('m') },
    out: resolve('o'),
    browser: 'firefox',
    settings: { max_steps: 3, warmup_steps: 1, r: 8, learning_rate: 1e-3, max_length: 32, seed: 7 },
  });
  expect(readFinetuneOptions(['--r', '8', '--help'])).toBe('help');
});

test('--model may be a GGUF file, and --dtype chooses the storage of weights', () => {
  const { model, settings } = read('--model', 'models/small.Q4_1.gguf', '--dtype', 'q8');
  expect(model).toEqual({ folder: resolve('models'), gguf_file: 'small.Q4_1.gguf' });
  expect(settings).toMatchObject({ model: 'small.Q4_1.gguf', dtype: 'q8' });
  expect(() => checkModel(model)).toThrow(`--model: there is no file ${resolve('models/small.Q4_1.gguf')}`);
  expect(() => read('--dtype', 'int4')).toThrow(/--dtype/);
});

test('--kernels is default, tuned, or an earlier run', () => {
  expect(read('--kernels', 'tuned').kernels).toBe('tuned');
  expect(read('--kernels', 'out/run.json').kernels).toBe(resolve('out/run.json'));
});

test.each([
  ['q_proj', ['q_proj']],
  ['q_proj, v_proj', ['q_proj', 'v_proj']],
  ['layers.0.self_attn.q_proj', ['layers.0.self_attn.q_proj']],
  ['all-linear', 'all-linear'],
  ['.*\\.(q|v)_proj', '.*\\.(q|v)_proj'],
])('--target_modules %s', (text, expected) => {
  expect(read('--target_modules', text).settings.target_modules).toEqual(expected);
});

describe('one clear line for', () => {
  test.each([
    [['--r', '0'], '--r must be a whole number from 1 to 65536, not "0"'],
    [['--r', '1.5'], '--r must be a whole number'],
    [['--max_steps', 'many'], '--max_steps must be a whole number'],
    [['--max_length', '1'], '--max_length must be a whole number from 2'],
    [['--learning_rate', '0'], '--learning_rate must be a number above 0'],
    [['--learning_rate', 'Infinity'], '--learning_rate must be a number above 0'],
    [['--learning_rate', ''], '--learning_rate must be a number above 0'],
    [['--seed', '4294967296'], '--seed must be a whole number from 0 to 4294967295'],
    [['--seed'], "Option '--seed <value>' argument missing"],
    [['--browser', 'safari'], '--browser must be chrome or firefox, not "safari"'],
    [['--target_modules', 'q_proj,,v_proj'], '--target_modules has an empty name'],
    [['--rank', '8'], "Unknown option '--rank'"],
    [['book.txt'], "Unexpected argument 'book.txt'"],
  ])('%j', (argv, message) => {
    const fail = () => readFinetuneOptions(argv);
    expect(fail).toThrow(UsageError);
    expect(fail).toThrow(message);
    expect(fail).not.toThrow(/\n/);
  });
});

test('--export is a folder or a zip, some steps before the end', () => {
  expect(read().exporting).toBeUndefined();
  expect(read('--export', 'run').exporting).toEqual({ path: resolve('run'), after: 10 });
  expect(read('--export', 'run.zip', '--max_steps', '6').exporting).toEqual({ path: resolve('run.zip'), after: 2 });
  expect(read('--export', 'run', '--export_after', '0').exporting?.after).toBe(0);
});

test.each([
  [['--export_after', '3'], '--export_after needs --export'],
  [['--export', 'run', '--export_after', '147'], '--export_after must be a whole number from 0 to 146'],
  [['--export', 'out'], '--export: expected another folder than --out'],
  [['--export', './run/', '--out', 'run'], '--export: expected another folder than --out'],
  [['--export', 'run', '--max_steps', '3'], '--export: expected --max_steps 4 or more'],
])('%j is no way to export', (argv, message) => {
  expect(() => read(...argv)).toThrow(message);
});

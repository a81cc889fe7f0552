import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkUniloraFile } from '../../../src/adapters/unilora/check_unilora_file';
import { UniLoraConfig, type UniLoraConfigInit } from '../../../src/adapters/unilora/config/unilora_config';
import { layoutMatrices } from '../../../src/adapters/unilora/unilora_layout';
import { resolveUniloraTargets } from '../../../src/adapters/unilora/unilora_targets';
import type { Architecture } from '../../../src/models/architecture';
import { allGoldenCases } from '../../helpers/golden/golden_index';
import { ownModules } from '../targets/target_names';

const invalid = (message: string) => expect.objectContaining({ code: 'invalid_argument', message });
const names = allGoldenCases().flatMap(({ name, kind }) => (kind === 'UNILORA' ? [name] : []));

test("has PEFT's fields and defaults", () => {
  const config = new UniLoraConfig();
  expect(config).toMatchObject({ r: 4, proj_seed: 42, theta_d_length: 256, init_theta_d_bound: 0.02, bias: 'none' });
  expect(Object.isFrozen(config)).toBe(true);
  expect({ ...new UniLoraConfig(structuredClone({ ...config })) }).toEqual({ ...config });
});

test.each(names)("PEFT's adapter_config.json of %s is the same after reading and writing", (name) => {
  const { peft_version, ...file } = JSON.parse(
    readFileSync(`test/golden/cases/${name}/adapter/adapter_config.json`, 'utf8'),
  );
  const warnings: unknown[] = [];
  const json = UniLoraConfig.from_json(file, { warn: (warning) => warnings.push(warning) }).to_json();
  const sorted = (value: unknown): unknown => (Array.isArray(value) ? value.toSorted() : value);
  expect(Object.keys(json)).toEqual(Object.keys(file).sort());
  for (const [key, value] of Object.entries(json)) expect(sorted(value), key).toEqual(sorted(file[key]));
  expect(warnings).toEqual([]);
});

describe('what PEFT refuses', () => {
  test.each<[UniLoraConfigInit, string]>([
    [{ r: 0 }, '`r` should be a positive integer, got 0.'],
    [{ theta_d_length: -1 }, '`theta_d_length` should be a positive integer, got -1.'],
    [{ unilora_dropout: 1.5 }, '`unilora_dropout` should be between 0.0 and 1.0, got 1.5.'],
    [{ init_theta_d_bound: 0 }, '`init_theta_d_bound` should be a positive float, got 0.'],
    [{ init_theta_d_bound: 1e5 }, 'init_theta_d_bound: expected a number up to 10000, got 100000'],
    [{ bias: 'lora_only' as never }, "`bias` should be 'none', 'all', or 'unilora_only', got lora_only."],
    [
      { target_modules: 'all-linear', layers_to_transform: [0] },
      '`layers_to_transform` cannot be used when `target_modules` is a str.',
    ],
    [
      { target_modules: 'all-linear', layers_pattern: 'h' },
      '`layers_pattern` cannot be used when `target_modules` is a str.',
    ],
  ])('%j', (init, message) => {
    expect(() => new UniLoraConfig(init)).toThrow(invalid(message));
  });

  test('a negative seed, as numpy refuses it', () => {
    expect(() => new UniLoraConfig({ proj_seed: -1 })).toThrow(invalid('expected non-negative integer'));
  });
});

test('a pattern of layers without layers is without effect, as in PEFT', () => {
  const config = new UniLoraConfig({ target_modules: ['q_proj'], layers_pattern: 'layers' });
  expect(config).toMatchObject({ layers_pattern: 'layers', layers_to_transform: null });
});

test("a target that can't be wrapped is refused with UniLoRA's text", () => {
  const { modules, facts } = ownModules('base/opt');
  const { model_type, output_embedding: outputEmbedding } = facts;
  const model = { modules, config: { model_type }, head: { outputEmbedding } } as unknown as Architecture;
  expect(() => resolveUniloraTargets(new UniLoraConfig({ target_modules: ['self_attn'] }), model)).toThrow(
    /Currently, only the following modules are supported: `torch\.nn\.Linear`, `transformers\.pytorch_utils\.Conv1D`\.$/,
  );
});

test('files with indices are refused, and fields of no kind', () => {
  expect(() => UniLoraConfig.from_json({ peft_type: 'UNILORA', save_indices: true })).toThrow(
    expect.objectContaining({ code: 'invalid_format', message: expect.stringContaining('save_indices') }),
  );
  expect(() => new UniLoraConfig({ alpha: 8 } as UniLoraConfigInit)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('no scale') }),
  );
});

test('the vector of a file has the length of the configuration', () => {
  const stored = (length: number) =>
    new Map([
      ['base_model.unilora_theta_d', { shape: [length] }],
      ['head.weight', { shape: [3, 4] }],
    ]);
  expect([...checkUniloraFile({ theta_d_length: 7 }, stored(7))]).toEqual(['base_model.unilora_theta_d']);
  expect(() => checkUniloraFile({ theta_d_length: 7 }, stored(8))).toThrow(
    expect.objectContaining({
      code: 'invalid_format',
      message: expect.stringContaining('expected 7 numbers, got [8]'),
    }),
  );
});

test('matrices of more than 128 MiB are refused, and as many places of their entries', () => {
  const modules = new Map([['q', { in_features: 2 ** 20, out_features: 8 }]]);
  const entries = 16 * (2 ** 20 + 8);
  expect(layoutMatrices(modules, { r: 16, theta_d_length: 2 ** 25 - 1 - entries }).entries).toBe(entries);
  for (const sizes of [
    { r: 32, theta_d_length: 256 },
    { r: 16, theta_d_length: 2 ** 25 - entries },
    { r: 1, theta_d_length: 2 ** 28 },
  ]) {
    expect(() => layoutMatrices(modules, sizes)).toThrow(expect.objectContaining({ code: 'limit_exceeded' }));
  }
});

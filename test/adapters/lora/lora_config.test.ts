import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LoraConfig, type LoraConfigInit } from '../../../src/adapters/lora/config/lora_config';
import { allGoldenCases } from '../../helpers/golden/golden_index';

const invalid = (message: string) => expect.objectContaining({ code: 'invalid_argument', message });
const names = allGoldenCases().flatMap(({ name, kind }) => (kind === 'LORA' ? [name] : []));
const fileOf = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(`test/golden/cases/${name}/adapter/adapter_config.json`, 'utf8'));

test("has PEFT's fields and defaults", () => {
  const config = new LoraConfig();
  const { peft_version, ...defaults } = fileOf('lora_falcon');
  const given = { r: 8, lora_alpha: 16, target_modules: ['query_key_value'], task_type: 'CAUSAL_LM' } as const;
  const fields = { ...new LoraConfig({ ...given, base_model_name_or_path: 'base/falcon', inference_mode: true }) };
  expect(fields).toEqual(defaults);
  expect(config).toMatchObject({ r: 8, lora_alpha: 8, lora_dropout: 0, init_lora_weights: true, peft_type: 'LORA' });
  expect(Object.isFrozen(config)).toBe(true);
  expect({ ...new LoraConfig(structuredClone({ ...config })) }).toEqual({ ...config });
});

describe.each(names)("PEFT's adapter_config.json of %s", (name) => {
  test('is the same after reading and writing, but for new fields with their defaults', () => {
    const file = fileOf(name);
    const warnings: unknown[] = [];
    const json = LoraConfig.from_json(file, { warn: (warning) => warnings.push(warning) }).to_json();
    expect(warnings).toEqual([]);
    const sorted = (value: unknown): unknown => (Array.isArray(value) ? value.toSorted() : value);
    for (const [key, value] of Object.entries(json)) expect(sorted(value), key).toEqual(sorted(file[key]));
    const omitted = Object.entries(file).filter(([key]) => !(key in json) && key !== 'peft_version');
    const defaults: Record<string, unknown> = { ...new LoraConfig() };
    for (const [key, value] of omitted) expect(value, key).toEqual(defaults[key]);
  });
});

test('reads the file of an older release, which has fewer fields', () => {
  const old = {
    peft_type: 'LORA',
    r: 16,
    lora_alpha: 32,
    target_modules: ['q_proj'],
    bias: 'none',
    peft_version: '0.4.0',
  };
  expect(LoraConfig.from_json(old)).toMatchObject({ r: 16, lora_alpha: 32, use_rslora: false, rank_pattern: {} });
  expect(Object.keys(new LoraConfig().to_json())).not.toContain('lora_bias');
  expect(new LoraConfig({ lora_bias: true, exclude_modules: ['b', 'a'] }).to_json()).toMatchObject({
    lora_bias: true,
    exclude_modules: ['a', 'b'],
  });
});

describe('what PEFT refuses', () => {
  test.each<[LoraConfigInit, string]>([
    [{ r: 0 }, '`r` should be a positive integer value but the value passed is 0'],
    [{ rank_pattern: { q_proj: -1 } }, '`r` should be a positive integer value but the value passed is -1'],
    [{ lora_dropout: 1.5 }, 'dropout probability has to be between 0 and 1, but got 1.5'],
    [{ bias: 'some' as never }, 'Requested bias: some, is not implemented.'],
    [
      { layers_pattern: 'layers' },
      'When `layers_pattern` is specified, `layers_to_transform` must also be specified. ',
    ],
    [
      { target_modules: '.*q_proj', layers_to_transform: [0] },
      '`layers_to_transform` cannot be used when `target_modules` is a str.',
    ],
    [
      { target_modules: '.*q_proj', layers_pattern: 'layers' },
      '`layers_pattern` cannot be used when `target_modules` is a str.',
    ],
    [
      { lora_bias: true, init_lora_weights: 'gaussian' },
      'The argument lora_bias=True is only supported with init_lora_weights=True or False, got ' +
        'init_lora_weights=gaussian instead.',
    ],
    [
      { lora_bias: true, use_dora: true },
      'The argument lora_bias=True is not supported for DoRA, please pass use_dora=False',
    ],
    [{ init_lora_weights: 'foo' as never }, "Unknown initialization init_lora_weights='foo'"],
  ])('%j', (init, message) => {
    expect(() => new LoraConfig(init)).toThrow(invalid(message));
  });
});

describe("PEFT's fields that aren't built are named", () => {
  test.each<[string, unknown]>([
    ['use_qalora', true],
    ['loftq_config', { loftq_bits: 4 }],
    ['eva_config', {}],
    ['layer_replication', [[0, 4]]],
    ['target_parameters', ['experts']],
    ['trainable_token_indices', [1, 2]],
    ['alora_invocation_tokens', [3]],
    ['ensure_weight_tying', true],
    ['megatron_core', 'mine'],
  ])('%s', (field, value) => {
    const pattern = new RegExp(`^${field}: expected .*, as webvera has nothing else of it, got `);
    expect(() => new LoraConfig({ [field]: value } as object)).toThrow(pattern);
    const read = () => LoraConfig.from_json({ peft_type: 'LORA', [field]: value });
    expect(read).toThrow(expect.objectContaining({ code: 'invalid_format', message: expect.stringMatching(pattern) }));
  });

  test.each(['pissa', 'pissa_niter_4', 'olora', 'eva', 'loftq', 'corda', 'orthogonal', 'mica', 'lora_ga'])(
    'init_lora_weights %s',
    (init_lora_weights) => {
      expect(() => new LoraConfig({ init_lora_weights } as object)).toThrow(
        invalid(`init_lora_weights: expected true, false or 'gaussian', got "${init_lora_weights}"`),
      );
    },
  );
});

test('suggests names for those of other libraries', () => {
  expect(() => new LoraConfig({ alpha: 16 } as object)).toThrow(
    expect.objectContaining({
      message: "LoraConfig.__init__() got an unexpected keyword argument 'alpha'",
      hint: expect.stringContaining('lora_alpha'),
    }),
  );
});

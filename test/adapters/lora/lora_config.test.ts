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
    ['megatron_config', {}],
  ])('%s', (field, value) => {
    const pattern = new RegExp(`^${field}: expected .*, as webvera has nothing else of it, got `);
    expect(() => new LoraConfig({ [field]: value } as object)).toThrow(pattern);
    const file = { peft_type: 'LORA', init_lora_weights: 'loftq', target_modules: ['lm_head'], [field]: value };
    const read = () => LoraConfig.from_json(file);
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

describe('a file', () => {
  const read = (fields: object) => {
    const warnings: string[] = [];
    const warn = ({ message }: { readonly message: string }) => void warnings.push(message);
    return { config: LoraConfig.from_json({ peft_type: 'LORA', ...fields }, { warn }), warnings };
  };

  test.each([
    { init_lora_weights: 'eva', eva_config: { rho: 2, tau: 0.99 } },
    { init_lora_weights: 'eva', eva_config: {} },
    { init_lora_weights: 'orthogonal' },
  ])('with the beginning %j is read, because it has A and B', (fields) => {
    const { config, warnings } = read(fields);
    expect({ ...config }).toEqual({ ...new LoraConfig() });
    expect(warnings).toEqual([
      `init_lora_weights: '${fields.init_lora_weights}' is read as true: the file has A and B.`,
    ]);
  });

  // The texts are PEFT's, which has none for lora_ga_config.
  test.each([
    ['loftq_config', 'loftq', { loftq_bits: 4 }],
    ['eva_config', 'eva', { rho: 2 }],
    ['corda_config', 'corda', { corda_method: 'ipm' }],
    ['lora_ga_config', 'lora_ga', { direction: 'ArB2r' }],
  ])('with %s for another beginning is read with a warning', (field, way, value) => {
    const { config, warnings } = read({ [field]: value });
    expect({ ...config }).toEqual({ ...new LoraConfig() });
    expect(warnings).toEqual([
      `\`${field}\` specified but will be ignored when \`init_lora_weights\` is not '${way}'.`,
    ]);
  });

  test('with settings of methods that are off is read', () => {
    const fields = { use_qalora: false, qalora_group_size: 32, megatron_core: 'mine', megatron_config: null };
    const { config, warnings } = read(fields);
    expect(config).toMatchObject(fields);
    expect(read({ ...fields, megatron_core: null }).config).toMatchObject({ megatron_core: 'megatron.core' });
    expect(warnings).toEqual([]);
    expect(config.to_json()).not.toHaveProperty('qalora_group_size');
    expect(() => read({ qalora_group_size: 'many' })).toThrow(/^qalora_group_size: expected/);
  });

  test.each([
    {},
    { target_modules: 'all-linear' },
    { target_modules: ['q_proj', 'embed_tokens_2'], modules_to_save: ['norm', 'wte'] },
  ])('that ties nothing by %j is read with the warning of PEFT', (fields) => {
    const { config, warnings } = read({ ...fields, ensure_weight_tying: true });
    expect({ ...config }).toEqual({ ...new LoraConfig(fields) });
    expect(warnings).toEqual([
      'You have requested `ensure_weight_tying`, but no tied modules are added in either `modules_to_save` or `target_modules`',
    ]);
  });

  test.each([
    { target_modules: ['q_proj', 'model.embed_tokens'] },
    { target_modules: ['q_proj'], modules_to_save: ['lm_head'] },
    { target_modules: '.*' },
  ])('that may tie modules by %j is refused', (fields) => {
    expect(() => read({ ...fields, ensure_weight_tying: true })).toThrow(/^ensure_weight_tying: expected false/);
  });

  test.each(['pissa', 'olora', 'corda', 'loftq', 'mica', 'lora_ga'])(
    'with the beginning %s is refused, because it changes the base model or how A and B train',
    (init_lora_weights) => {
      expect(() => read({ init_lora_weights })).toThrow(/^init_lora_weights: expected true, false or 'gaussian'/);
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

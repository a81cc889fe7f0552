import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { trainedBiases } from '../../../src/adapters/config/adapter_config';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import type { Warning } from '../../../src/core/errors/warning';
import { goldenNames, isLlama } from '../../helpers/golden/golden_index';
import { DEFAULTS, invalid, peft } from './config_errors';

describe('from_json', () => {
  const read = (json: unknown) => {
    const warnings: Warning[] = [];
    const config = VeraConfig.from_json(json, { warn: (warning) => warnings.push(warning) });
    return { config, warnings: warnings.map(({ message }) => message) };
  };
  const minimal = { peft_type: 'VERA', r: 4, target_modules: ['q_proj', 'v_proj'] };
  const malformed = (message: string) => expect.objectContaining({ code: 'invalid_format', message });

  test.each(goldenNames(isLlama))("reads PEFT's file of %s and writes its content again", (name) => {
    for (const folder of ['adapter', 'adapter_noproj']) {
      const json = JSON.parse(readFileSync(`test/golden/cases/${name}/${folder}/adapter_config.json`, 'utf8'));
      const { config, warnings } = read(json);
      expect(warnings).toEqual([]);
      delete json.peft_version;
      if (Array.isArray(json.target_modules)) json.target_modules.sort();
      expect(config.to_json()).toEqual(json);
    }
  });

  // The keys of VeraConfig in each release, according to its source; json.dumps sorts them.
  const SINCE_0_11 = [
    ...['auto_mapping', 'base_model_name_or_path', 'bias', 'd_initial', 'fan_in_fan_out', 'inference_mode'],
    ...['init_weights', 'layers_pattern', 'layers_to_transform', 'modules_to_save', 'peft_type', 'projection_prng_key'],
    ...['r', 'revision', 'save_projection', 'target_modules', 'task_type', 'vera_dropout'],
  ];
  const SINCE_0_18 = [...SINCE_0_11, 'peft_version'].sort();
  const written: Readonly<Record<string, unknown>> = {
    ...DEFAULTS,
    auto_mapping: { base_model_class: 'OPTForCausalLM', parent_library: 'transformers.models.opt.modeling_opt' },
    base_model_name_or_path: 'facebook/opt-125m',
    d_initial: 0.2,
    inference_mode: true,
    layers_pattern: 'layers',
    layers_to_transform: [0, 1],
    projection_prng_key: 5,
    r: 4,
    target_modules: ['q_proj', 'v_proj'],
    vera_dropout: 0.1,
  };

  test.each([
    ...[
      '0.11.0',
      '0.11.1',
      '0.12.0',
      '0.13.0',
      '0.13.2',
      '0.14.0',
      '0.15.0',
      '0.15.2',
      '0.16.0',
      '0.17.0',
      '0.17.1',
    ].map((release) => [release, SINCE_0_11] as const),
    ...['0.18.0', '0.18.1', '0.19.0', '0.20.0', '0.20.1.dev0@5d602fdb', '0.20.1.dev0@UNKNOWN', '0.21.2'].map(
      (release) => [release, SINCE_0_18] as const,
    ),
  ])('reads all that PEFT %s writes, without a word, and writes what every release reads', (release, keys) => {
    const file = Object.fromEntries(keys.map((key) => [key, key === 'peft_version' ? release : written[key]]));
    expect(Object.values(file)).not.toContain(undefined);
    const { config, warnings } = read(file);
    expect(warnings).toEqual([]);
    expect({ ...config }).toEqual(written);
    // PEFT up to 0.13 refuses unknown keys, so to_json() must add none.
    expect(Object.keys(config.to_json())).toEqual(SINCE_0_11);
  });

  test('reads a list of patterns, which PEFT has since 0.14, and any `_only`, since 0.18', () => {
    const { config } = read({ ...written, layers_pattern: ['layers', 'h'], bias: 'lora_only' });
    expect(config.layers_pattern).toEqual(['layers', 'h']);
    expect(trainedBiases(config)).toBe('wrapped');
  });

  test('needs no more than peft_type, r and target_modules', () => {
    const { config, warnings } = read(minimal);
    expect({ ...config }).toEqual({ ...DEFAULTS, r: 4, target_modules: ['q_proj', 'v_proj'] });
    expect(warnings).toEqual([]);
  });

  test("leaves out what it doesn't know, with PEFT's warnings", () => {
    const { config, warnings } = read({ ...minimal, made_by: 'me', peft_version: '0.20.0' });
    expect(config).toEqual(read(minimal).config);
    expect(warnings).toEqual(peft('load: config has an unknown field').warnings);
    expect(read({ ...minimal, runtime_config: {} }).warnings).toEqual([
      'The configuration file contains a `runtime_config` key. This is ignored. Runtime configurations are only valid at runtime.',
    ]);
  });

  test('warns on the console without a listener', () => {
    const told = vi.spyOn(console, 'warn').mockImplementation(() => {});
    VeraConfig.from_json(minimal);
    expect(told.mock.calls).toEqual([]);
    VeraConfig.from_json({ ...minimal, made_by: 'me', runtime_config: {} });
    const { warnings } = read({ ...minimal, made_by: 'me', runtime_config: {} });
    expect(warnings).toHaveLength(2);
    expect(told.mock.calls).toEqual(warnings.map((message) => [`webvera: ${message} (ignored_config)`]));
    told.mockRestore();
  });

  test("isn't harmed by a file's keys", () => {
    const json = JSON.parse(
      '{"peft_type":"VERA","__proto__":{"r":1},"constructor":1,"auto_mapping":{"__proto__":{"x":1}}}',
    );
    const { config } = read(json);
    expect(config.r).toBe(256);
    expect(Object.getPrototypeOf(config)).toBe(VeraConfig.prototype);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test.each<[unknown, string]>([
    [{ r: 4 }, peft('load: config has no peft_type').message],
    [{ peft_type: 'LORA', r: 4 }, 'peft_type: expected "VERA", got "LORA"'],
    [{ peft_type: 'PVERA', r: 4 }, 'peft_type: expected "VERA", got "PVERA"'],
    [{ peft_type: null, r: 4 }, 'peft_type: expected "VERA", got null'],
    [null, 'adapter_config.json: expected an object, got null'],
    [[], 'adapter_config.json: expected an object, got []'],
    ['{}', 'adapter_config.json: expected an object, got "{}"'],
    [undefined, 'adapter_config.json: expected an object, got undefined'],
    [{ ...minimal, r: '4' }, 'r: expected a number, got "4"'],
    [{ ...minimal, bias: null }, 'bias: expected a string, got null'],
    [
      { ...minimal, target_modules: 'a'.repeat(9), save_projection: {} },
      'save_projection: expected true or false, got {}',
    ],
  ])('refuses %j as no such file', (json, message) => {
    expect(() => read(json)).toThrow(malformed(message));
  });

  test('names the method of a file, and the supported methods', () => {
    expect(() => read({ peft_type: 'LORA', r: 4 })).toThrow(
      expect.objectContaining({
        hint: expect.stringContaining('Only those of VeRA can be loaded'),
        detail: { peft_type: 'LORA', supported: ['VERA'] },
      }),
    );
  });

  test('refuses values that no adapter can have, as the constructor does', () => {
    expect(() => read({ ...minimal, r: 0 })).toThrow(
      invalid('`r` should be a positive integer value but the value passed is 0'),
    );
  });
});

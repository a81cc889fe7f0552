import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { trainedBiases } from '../../../src/adapters/adapter_config';
import { configWarnings, VeraConfig, type VeraConfigInit } from '../../../src/adapters/vera/config';
import type { Warning } from '../../../src/core/warning';

interface Situation {
  readonly situation: string;
  readonly error?: { readonly message: string };
  readonly warnings?: readonly string[];
}

const { rows } = JSON.parse(readFileSync('test/golden/errors.json', 'utf8')) as {
  rows: readonly Situation[];
};

/** What PEFT said, in its own words. */
function peft(situation: string): { readonly message: string; readonly warnings: readonly string[] } {
  const row = rows.find((candidate) => candidate.situation === situation);
  if (row === undefined) throw new Error(`no such situation: ${situation}`);
  const warnings = (row.warnings ?? []).map((warning) => warning.replace(/^UserWarning: /, ''));
  return { message: row.error?.message ?? 'no error', warnings };
}

const invalid = (message: string) =>
  expect.objectContaining({ name: 'WebVeraError', code: 'invalid_argument', message });
// The types forbid most of what is tested here; files and JavaScript don't.
const make = (init: object) => () => new VeraConfig(init as VeraConfigInit);

const DEFAULTS = {
  auto_mapping: null,
  base_model_name_or_path: null,
  bias: 'none',
  d_initial: 0.1,
  fan_in_fan_out: false,
  inference_mode: false,
  init_weights: true,
  layers_pattern: null,
  layers_to_transform: null,
  modules_to_save: null,
  peft_type: 'VERA',
  projection_prng_key: 0,
  r: 256,
  revision: null,
  save_projection: true,
  target_modules: null,
  task_type: null,
  vera_dropout: 0,
};

describe('VeraConfig', () => {
  test("has PEFT's fields and defaults", () => {
    expect({ ...new VeraConfig() }).toEqual(DEFAULTS);
  });

  test('keeps what it is given, and takes undefined for absent', () => {
    const init: VeraConfigInit = {
      r: 8,
      target_modules: ['q_proj', 'v_proj', 'q_proj'],
      projection_prng_key: -1,
      bias: 'vera_only',
      layers_to_transform: [0],
      layers_pattern: 'h',
      task_type: 'CAUSAL_LM',
    };
    expect({ ...make({ ...init, vera_dropout: undefined })() }).toEqual({
      ...DEFAULTS,
      ...init,
      target_modules: ['q_proj', 'v_proj'],
    });
  });

  test('takes null wherever None is the default in PEFT', () => {
    const nulls = Object.entries({ ...DEFAULTS, peft_type: null }).filter(([, value]) => value === null);
    expect(nulls.map(([name]) => name)).toEqual([
      'auto_mapping',
      'base_model_name_or_path',
      'layers_pattern',
      'layers_to_transform',
      'modules_to_save',
      'peft_type',
      'revision',
      'target_modules',
      'task_type',
    ]);
    expect({ ...make(Object.fromEntries(nulls))() }).toEqual(DEFAULTS);
  });

  test('is for VeRA, and says so', () => {
    const { peft_type }: { readonly peft_type: 'VERA' } = new VeraConfig({ peft_type: 'VERA' });
    expect(peft_type).toBe('VERA');
    expect(() => Object.assign(new VeraConfig(), { peft_type: 'LORA' })).toThrow(TypeError);
    // @ts-expect-error No other method is one of VeraConfig.
    expect(() => new VeraConfig({ peft_type: 'LORA' })).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        message: 'peft_type: expected "VERA", got "LORA"',
        hint: 'A VeraConfig is for VeRA, and of no other method. Leave peft_type out.',
      }),
    );
  });

  test.each<[string, object, RegExp]>([
    ['from_pretrained', VeraConfig, /^await PeftConfig\.from_pretrained\(source\)/],
    ['from_json_file', VeraConfig, /^VeraConfig\.from_json/],
    ['to_dict', new VeraConfig(), /^to_json\(\)/],
    ['save_pretrained', new VeraConfig(), /^save_pretrained\(\) of a model/],
  ])("tells what there is in place of PEFT's %s", (name, { [name as never]: call }, hint) => {
    expect(call).toThrow(expect.objectContaining({ code: 'invalid_argument', hint: expect.stringMatching(hint) }));
  });

  test("can't be changed, by itself or through what it was made from", () => {
    const target_modules = ['q_proj'];
    const config = new VeraConfig({ target_modules });
    target_modules.push('v_proj');
    expect(config.target_modules).toEqual(['q_proj']);
    expect(Object.isFrozen(config) && Object.isFrozen(config.target_modules)).toBe(true);
  });

  test('survives structuredClone', () => {
    const config = new VeraConfig({ r: 8, target_modules: ['a'], auto_mapping: { base_model_class: 'X' } });
    expect(new VeraConfig(structuredClone(config))).toEqual(config);
  });

  test.each([0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses r = %d', (r) => {
    expect(make({ r })).toThrow(invalid(`\`r\` should be a positive integer value but the value passed is ${r}`));
  });

  test.each([1.5, -0.1, Number.NaN])('refuses vera_dropout = %d', (vera_dropout) => {
    expect(make({ vera_dropout })).toThrow(
      invalid(`dropout probability has to be between 0 and 1, but got ${vera_dropout}`),
    );
  });

  test('takes the ends of the range of vera_dropout', () => {
    expect([0, 1].map((vera_dropout) => new VeraConfig({ vera_dropout }).vera_dropout)).toEqual([0, 1]);
  });

  test("refuses an unknown bias with PEFT's text, and takes any *_only as PEFT does", () => {
    expect(make({ bias: 'some' })).toThrow(invalid(peft('bias has an unknown value').message));
    expect(trainedBiases(make({ bias: 'lora_only' })())).toBe('wrapped');
    expect(trainedBiases(new VeraConfig({ bias: 'all' }))).toBe('all');
    expect(trainedBiases(new VeraConfig())).toBe('none');
  });

  test('refuses layers_pattern without layers_to_transform', () => {
    const { message } = peft('layers_pattern without layers_to_transform');
    expect(make({ layers_pattern: 'h' })).toThrow(invalid(message));
    expect(make({ layers_pattern: ['h'] })).toThrow(invalid(message));
    expect(new VeraConfig({ layers_pattern: 'h', layers_to_transform: 0 }).layers_to_transform).toBe(0);
    expect(new VeraConfig({ layers_pattern: [] }).layers_pattern).toEqual([]);
  });

  test('refuses an unknown task_type', () => {
    expect(make({ task_type: 'X' })).toThrow(
      invalid(
        "Invalid task type: 'X'. Must be one of the following task types: SEQ_CLS, SEQ_2_SEQ_LM, CAUSAL_LM, TOKEN_CLS, " +
          'QUESTION_ANS, FEATURE_EXTRACTION.',
      ),
    );
  });

  test.each<[object, string]>([
    [{ r: '8' }, 'r: expected a number, got "8"'],
    [{ r: null }, 'r: expected a number, got null'],
    [{ target_modules: 3 }, 'target_modules: expected a string or a list of strings, got 3'],
    [{ target_modules: ['q', 3] }, 'target_modules: expected a string or a list of strings, got ["q",3]'],
    [
      { projection_prng_key: 2 ** 53 },
      'projection_prng_key: expected an integer between -(2^53 - 1) and 2^53 - 1, got 9007199254740992',
    ],
    [
      { projection_prng_key: 0.5 },
      'projection_prng_key: expected an integer between -(2^53 - 1) and 2^53 - 1, got 0.5',
    ],
    [{ save_projection: 1 }, 'save_projection: expected true or false, got 1'],
    [{ d_initial: 1e39 }, 'd_initial: expected a finite float32, got 1e+39'],
    [{ d_initial: 1e5 }, 'd_initial: expected a number from -10000 to 10000, got 100000'],
    [{ layers_to_transform: [0.5] }, 'layers_to_transform: expected an integer or a list of integers, got [0.5]'],
    [{ auto_mapping: [] }, 'auto_mapping: expected an object, got []'],
    [{ lora_alpha: 1 }, "VeraConfig.__init__() got an unexpected keyword argument 'lora_alpha'"],
    [{ constructor: 1 }, "VeraConfig.__init__() got an unexpected keyword argument 'constructor'"],
  ])('refuses %j', (init, message) => {
    expect(make(init)).toThrow(invalid(message));
  });

  test.each([
    [{ rank: 8 }, /^Did you mean r\? The arguments are r, target_modules, /],
    [{ lora_alpha: 1 }, /^VeRA has no alpha/],
    [{ peft_version: '0.21.2' }, /^VeraConfig\.from_json\(json\) takes the content of a file/],
    [{ constructor: 1 }, /^The arguments are r, /],
  ])('and tells what may be meant by %j', (init, hint) => {
    expect(make(init)).toThrow(expect.objectContaining({ hint: expect.stringMatching(hint) }));
  });
});

describe('to_json', () => {
  test("has PEFT's keys in sorted order, without peft_version, in inference mode, targets sorted", () => {
    const json = new VeraConfig({ target_modules: ['v_proj', 'q_proj'] }).to_json();
    expect(Object.keys(json)).toEqual(Object.keys(DEFAULTS).sort());
    expect(json).toEqual({
      ...DEFAULTS,
      inference_mode: true,
      target_modules: ['q_proj', 'v_proj'],
    });
  });

  test('leaves the configuration alone', () => {
    const config = new VeraConfig({ target_modules: ['v_proj', 'q_proj'] });
    config.to_json();
    expect(config.target_modules).toEqual(['v_proj', 'q_proj']);
    expect(config.inference_mode).toBe(false);
  });
});

describe('from_json', () => {
  const read = (json: unknown) => {
    const warnings: Warning[] = [];
    const config = VeraConfig.from_json(json, { warn: (warning) => warnings.push(warning) });
    return { config, warnings: warnings.map(({ message }) => message) };
  };
  const minimal = { peft_type: 'VERA', r: 4, target_modules: ['q_proj', 'v_proj'] };
  const malformed = (message: string) => expect.objectContaining({ code: 'invalid_format', message });

  test.each(['llama_layer0_small', 'llama_qvud_big', 'llama3_tied_mid', 'llama_bf16_mid'])(
    "reads PEFT's file of %s and writes its content again",
    (name) => {
      for (const folder of ['adapter', 'adapter_noproj']) {
        const json = JSON.parse(readFileSync(`test/golden/cases/${name}/${folder}/adapter_config.json`, 'utf8'));
        const { config, warnings } = read(json);
        expect(warnings).toEqual([]);
        delete json.peft_version;
        if (Array.isArray(json.target_modules)) json.target_modules.sort();
        expect(config.to_json()).toEqual(json);
      }
    },
  );

  // The keys of each release's VeraConfig, from its source; json.dumps sorts them.
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
    // PEFT up to 0.13 refuses a key that it doesn't have.
    expect(Object.keys(config.to_json())).toEqual(SINCE_0_11);
  });

  test('a list of patterns, which PEFT has since 0.14, and any `_only`, since 0.18', () => {
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

  test('warns on the console where nobody listens', () => {
    const told = vi.spyOn(console, 'warn').mockImplementation(() => {});
    VeraConfig.from_json(minimal);
    expect(told.mock.calls).toEqual([]);
    VeraConfig.from_json({ ...minimal, made_by: 'me', runtime_config: {} });
    const { warnings } = read({ ...minimal, made_by: 'me', runtime_config: {} });
    expect(warnings).toHaveLength(2);
    expect(told.mock.calls).toEqual(warnings.map((message) => [`webvera: ${message} (ignored_config)`]));
    told.mockRestore();
  });

  test("takes no harm from a file's keys", () => {
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

  test('tells of which method a file is, and which there are', () => {
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

test('configWarnings tells what PEFT tells when projections are not saved', () => {
  const config = new VeraConfig({ save_projection: false });
  expect(configWarnings(config).map(({ message }) => message)).toEqual(
    peft('save_projection False in a new config').warnings,
  );
  expect(configWarnings(new VeraConfig())).toEqual([]);
});

import { describe, expect, test } from 'vitest';
import { trainedBiases } from '../../../src/adapters/config/adapter_config';
import { VeraConfig, type VeraConfigInit } from '../../../src/adapters/vera/config/vera_config';
import { DEFAULTS, invalid, peft } from './config_errors';

// TypeScript's types forbid most of what is tested here, but files and JavaScript can contain it.
const make = (init: object) => () => new VeraConfig(init as VeraConfigInit);

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
    // @ts-expect-error The type of peft_type allows only 'VERA'.
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
  ])("explains webvera's replacement of PEFT's %s", (name, { [name as never]: call }, hint) => {
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
    [{ target_modules: new Set(['q']) }, 'target_modules: expected a string or a list of strings, got a Set'],
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
    [{ auto_mapping: [] }, 'auto_mapping: expected an object of at most 64 levels, got []'],
    [{ lora_alpha: 1 }, "VeraConfig.__init__() got an unexpected keyword argument 'lora_alpha'"],
    [{ constructor: 1 }, "VeraConfig.__init__() got an unexpected keyword argument 'constructor'"],
  ])('refuses %j', (init, message) => {
    expect(make(init)).toThrow(invalid(message));
  });

  test.each([
    [{ r: '8' }, /^Pass the number 8, without quotes\.$/],
    [{ r: 'eight' }, /^$/],
    [{ save_projection: 'false' }, /^Pass false, without quotes\.$/],
    [{ rank: 8 }, /^Did you mean r\?$/],
    [{ lora_alpha: 1 }, /^VeRA has no alpha/],
    [{ peft_version: '0.21.2' }, /^VeraConfig\.from_json\(json\) takes the content of a file/],
    [{ constructor: 1 }, /^It takes \d+ arguments; the nearest are /],
  ])('and suggests the field that %j may mean', (init, hint) => {
    expect(make(init)).toThrow(expect.objectContaining({ hint: expect.stringMatching(hint) }));
  });
});

describe('to_json', () => {
  test("has PEFT's keys in sorted order, without peft_version, in inference mode, targets sorted", () => {
    const json = new VeraConfig({ target_modules: ['v_proj', 'q_proj'] }).to_json();
    const { use_dora, ...ofPeft } = DEFAULTS;
    expect(Object.keys(json)).toEqual(Object.keys(ofPeft).sort());
    expect(json).toEqual({
      ...ofPeft,
      inference_mode: true,
      target_modules: ['q_proj', 'v_proj'],
    });
  });

  test('has use_dora, which PEFT has not, only where it is true', () => {
    expect(new VeraConfig({ use_dora: true }).to_json()).toMatchObject({ use_dora: true });
    expect(VeraConfig.from_json(new VeraConfig({ use_dora: true }).to_json()).use_dora).toBe(true);
  });

  test('leaves the configuration alone', () => {
    const config = new VeraConfig({ target_modules: ['v_proj', 'q_proj'] });
    config.to_json();
    expect(config.target_modules).toEqual(['v_proj', 'q_proj']);
    expect(config.inference_mode).toBe(false);
  });
});

test('warns as PEFT does when projections are not saved', () => {
  const { warnings } = VeraConfig.rules;
  const config = new VeraConfig({ save_projection: false });
  expect(warnings(config).map(({ message }) => message)).toEqual(
    peft('save_projection False in a new config').warnings,
  );
  expect(warnings(new VeraConfig())).toEqual([]);
});

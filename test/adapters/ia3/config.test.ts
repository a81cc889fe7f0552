import { describe, expect, test } from 'vitest';
import { IA3Config, type IA3ConfigInit } from '../../../src/adapters/ia3/config/ia3_config';
import { invalid } from '../vera/config_errors';

// TypeScript's types forbid most of what is tested here, but files and JavaScript can contain it.
const make = (init: object) => () => new IA3Config(init as IA3ConfigInit);

const DEFAULTS = {
  auto_mapping: null,
  base_model_name_or_path: null,
  exclude_modules: null,
  fan_in_fan_out: false,
  feedforward_modules: null,
  inference_mode: false,
  init_ia3_weights: true,
  modules_to_save: null,
  peft_type: 'IA3',
  revision: null,
  target_modules: null,
  task_type: null,
};

describe('IA3Config', () => {
  test("has PEFT's fields and defaults", () => {
    expect({ ...new IA3Config() }).toEqual(DEFAULTS);
    const nulls = Object.entries({ ...DEFAULTS, peft_type: null }).filter(([, value]) => value === null);
    expect({ ...make(Object.fromEntries(nulls))() }).toEqual(DEFAULTS);
  });

  test('writes names in order, and reads them again', () => {
    const config = new IA3Config({
      target_modules: ['v_proj', 'k_proj', 'down_proj'],
      feedforward_modules: ['v_proj', 'down_proj'],
      exclude_modules: ['b', 'a'],
    });
    const json = config.to_json();
    expect(json).toEqual({
      ...DEFAULTS,
      target_modules: ['down_proj', 'k_proj', 'v_proj'],
      feedforward_modules: ['down_proj', 'v_proj'],
      exclude_modules: ['a', 'b'],
      inference_mode: true,
    });
    expect(Object.keys(json)).toEqual(Object.keys(json).toSorted());
    const warnings: string[] = [];
    const warn = ({ message }: { message: string }) => void warnings.push(message);
    expect(IA3Config.from_json({ ...json, peft_version: '0.21.2' }, { warn }).to_json()).toEqual(json);
    expect(warnings).toEqual([]);
  });

  test.each<[object, string]>([
    [
      { target_modules: ['k_proj'], feedforward_modules: ['down_proj'] },
      '`feedforward_modules` should be a subset of `target_modules`',
    ],
    [
      { task_type: 'x' },
      "Invalid task type: 'x'. Must be one of the following task types: SEQ_CLS, SEQ_2_SEQ_LM, CAUSAL_LM, TOKEN_CLS, QUESTION_ANS, FEATURE_EXTRACTION.",
    ],
    [{ feedforward_modules: 3 }, 'feedforward_modules: expected a string or a list of strings, got 3'],
    [{ init_ia3_weights: null }, 'init_ia3_weights: expected true or false, got null'],
    [{ r: 8 }, "IA3Config.__init__() got an unexpected keyword argument 'r'"],
    [{ bias: 'all' }, "IA3Config.__init__() got an unexpected keyword argument 'bias'"],
    [{ layers_to_transform: [0] }, "IA3Config.__init__() got an unexpected keyword argument 'layers_to_transform'"],
  ])('refuses %j', (init, message) => {
    expect(make(init)).toThrow(invalid(message));
  });

  test('suggests a near field, and explains that there is no rank', () => {
    expect(make({ feedforward_module: [] })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('feedforward_modules') }),
    );
    expect(make({ lora_alpha: 8 })).toThrow(expect.objectContaining({ hint: expect.stringContaining('no rank') }));
  });

  test.each<object>([
    { target_modules: 'all-linear', feedforward_modules: ['down_proj'] },
    { target_modules: ['k_proj'], feedforward_modules: '.*down_proj' },
    { feedforward_modules: ['down_proj'] },
    { target_modules: ['k_proj'], feedforward_modules: [] },
  ])('compares two lists alone: takes %j', (init) => {
    expect({ ...make(init)() }).toEqual({ ...DEFAULTS, ...init });
  });

  // The keys that PEFT 0.11 writes, according to its source; exclude_modules was added later.
  test('reads what PEFT 0.11 writes', () => {
    const { exclude_modules, ...written } = DEFAULTS;
    const json = { ...written, target_modules: ['k_proj', 'fc2'], feedforward_modules: ['fc2'], inference_mode: true };
    const warnings: string[] = [];
    const config = IA3Config.from_json(json, { warn: ({ message }) => void warnings.push(message) });
    expect({ ...config }).toEqual({ ...json, exclude_modules: null });
    expect(warnings).toEqual([]);
  });

  test('reads a file with fields of another release, and says so', () => {
    const warnings: string[] = [];
    const warn = ({ message }: { message: string }) => void warnings.push(message);
    const config = IA3Config.from_json({ peft_type: 'IA3', target_modules: ['k'], later: 1 }, { warn });
    expect(config.target_modules).toEqual(['k']);
    expect(warnings).toEqual([expect.stringMatching(/^Unexpected keyword arguments \['later'\] for class IA3Config/)]);
  });
});

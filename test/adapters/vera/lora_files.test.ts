import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { weightedLora } from '../../../src/adapters/vera/sums/lora';
import { writeLoraConfig, writeLoraModel } from '../../../src/adapters/vera/sums/lora_files';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { casesWithAdapter, goldenValues, loraDelta, tensorsIn, veraDelta } from '../../helpers/models/vera_values';
import { readVeraConfig } from './files/vera_expected';

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/**
 * The fields of `LoraConfig` and its parent classes in PEFT 0.11, the oldest release that can read the file. Releases up to 0.13 refuse
 * unknown keys.
 */
const KEYS = [
  'alpha_pattern',
  'auto_mapping',
  'base_model_name_or_path',
  'bias',
  'fan_in_fan_out',
  'inference_mode',
  'init_lora_weights',
  'layer_replication',
  'layers_pattern',
  'layers_to_transform',
  'loftq_config',
  'lora_alpha',
  'lora_dropout',
  'megatron_config',
  'megatron_core',
  'modules_to_save',
  'peft_type',
  'r',
  'rank_pattern',
  'revision',
  'target_modules',
  'task_type',
  'use_dora',
  'use_rslora',
];

describe('writeLoraConfig', () => {
  const config = new VeraConfig({
    r: 4,
    target_modules: ['v_proj', 'q_proj'],
    vera_dropout: 1,
    bias: 'vera_only',
    modules_to_save: ['norm'],
    fan_in_fan_out: true,
    layers_to_transform: [1],
    layers_pattern: 'h',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: 'org/modèle',
    revision: 'main',
  });

  test('writes the keys that every PEFT since 0.11 reads, sorted, with a scale of 1', () => {
    const text = textOf(writeLoraConfig(config, { r: 4 }));
    expect(Object.keys(JSON.parse(text))).toEqual(KEYS);
    expect(JSON.parse(text)).toMatchObject({ peft_type: 'LORA', r: 4, lora_alpha: 4, use_rslora: false });
    expect(text).toContain('\n  "lora_alpha": 4,\n  "lora_dropout": 1.0,\n');
    expect(text).toMatch(/^\{\n {2}"alpha_pattern": \{\},\n.*\n\}$/s);
  });

  test('carries over what means the same in both', () => {
    expect(JSON.parse(textOf(writeLoraConfig(config, { r: 4 })))).toMatchObject({
      target_modules: ['q_proj', 'v_proj'],
      bias: 'lora_only',
      modules_to_save: ['norm'],
      fan_in_fan_out: true,
      layers_to_transform: [1],
      layers_pattern: 'h',
      task_type: 'CAUSAL_LM',
      base_model_name_or_path: 'org/modèle',
      revision: 'main',
    });
  });

  test.each(['none', 'all'] as const)('keeps the bias mode %s', (bias) => {
    expect(JSON.parse(textOf(writeLoraConfig(new VeraConfig({ bias }), { r: 4 })))).toMatchObject({ bias });
  });

  test('leaves out the choice of layers beside an expression, where it chooses nothing', () => {
    const expression = new VeraConfig({ ...config, target_modules: '.*q_proj' });
    expect(JSON.parse(textOf(writeLoraConfig(expression, { r: 4 })))).toMatchObject({
      target_modules: '.*q_proj',
      layers_to_transform: null,
      layers_pattern: null,
    });
  });

  test.each([
    [0, [0], 'h'],
    [[2, 0], [2, 0], 'h'],
    [[], null, null],
  ])('writes layers %j as %j', (layers_to_transform, layers, layers_pattern) => {
    const chosen = new VeraConfig({ ...config, layers_to_transform });
    expect(JSON.parse(textOf(writeLoraConfig(chosen, { r: 4 })))).toMatchObject({
      layers_to_transform: layers,
      layers_pattern,
    });
  });

  test('names the modules of a sum, which no filter of layers may thin out', () => {
    const modules = ['h.1.mlp.c_fc', 'h.0.attn.c_attn'];
    expect(JSON.parse(textOf(writeLoraConfig(config, { r: 12, modules })))).toMatchObject({
      r: 12,
      lora_alpha: 12,
      target_modules: ['h.0.attn.c_attn', 'h.1.mlp.c_fc'],
      layers_to_transform: null,
      layers_pattern: null,
    });
  });
});

describe.each(casesWithAdapter)('%s as a LoRA', (name) => {
  const values = goldenValues(name);
  const config = readVeraConfig(new Uint8Array(readFileSync(`test/golden/cases/${name}/adapter/adapter_config.json`)));
  const file = writeLoraModel(weightedLora([{ ...values, weight: 1 }]));
  const tensors = tensorsIn(file);

  test('has the names and shapes of PEFT', () => {
    const expected = [...values.modules].flatMap(([module, { in_features, out_features }]) => [
      [`base_model.model.${module}.lora_A.weight`, [values.r, in_features]],
      [`base_model.model.${module}.lora_B.weight`, [out_features, values.r]],
    ]);
    expect(Object.fromEntries([...tensors].map(([key, { dims }]) => [key, dims]))).toEqual(
      Object.fromEntries(expected),
    );
    expect([...tensors.keys()]).toEqual([...tensors.keys()].sort());
    expect(readSafetensors(file).metadata).toEqual(new Map([['format', 'pt']]));
  });

  test('changes an output by what the VeRA adapter changes it by', () => {
    const { lora_alpha, r } = JSON.parse(textOf(writeLoraConfig(config, { r: values.r })));
    for (const [module, { in_features }] of values.modules) {
      const x = Array.from({ length: in_features }, (_, i) => Math.sin(3 * i + 1));
      const [A, B] = ['A', 'B'].map((side) => tensors.get(`base_model.model.${module}.lora_${side}.weight`)!);
      const actual = loraDelta({ A: A!, B: B! }, x).y.map((value) => (lora_alpha / r) * value);
      const { y, size } = veraDelta(values, module, x);
      const errors = y.map((value, o) => Math.abs(actual[o]! - value) / size[o]!);
      // The two factors are each rounded once to float32.
      expect(Math.max(...errors)).toBeLessThan(2.01 * 2 ** -24);
    }
  });
});

test('trained biases and whole modules are saved under their own names', () => {
  const others = new Map([
    ['base_model.model.h.q.base_layer.bias', { dims: [2], data: new Float32Array([1, 2]) }],
    ['base_model.model.score.weight', { dims: [1, 2], data: new Float32Array([3, 4]) }],
  ]);
  expect(tensorsIn(writeLoraModel({ r: 1, modules: new Map() }, others))).toEqual(others);
});

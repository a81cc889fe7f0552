import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type TrainableModel, trainedTensors } from '../../../src/adapters/pool/trained_tensors';
import { VeraConfig, type VeraConfigInit } from '../../../src/adapters/vera/config/vera_config';
import { resolveVeraTargets } from '../../../src/adapters/vera/vera_targets';
import { moduleList } from '../../helpers/maths/module_lists';
import { tensorsIn } from '../../helpers/models/vera_values';

/** Returns a golden base model: its modules as torch lists them, and its weights as the file stores them. */
function golden(name: string): TrainableModel {
  const file = new Uint8Array(readFileSync(`test/golden/base/${name}/model.safetensors`));
  const weights = [...tensorsIn(file)].map(([key, { dims }]) => ({ name: key, shape: dims }));
  const { modules, facts } = moduleList(`base/${name}`);
  const embedding = weights.find((weight) => /\.(embed_tokens|wte)\.weight$/.test(weight.name));
  const tied = new Map(facts.tie_word_embeddings ? [['lm_head', embedding!.name.replace(/\.weight$/, '')]] : []);
  return { modules, weights, tied };
}

/** Returns the tensors that a configuration trains. */
function trained(base: string, init: VeraConfigInit) {
  const { modules, facts } = moduleList(`base/${base}`);
  const { config, modules: wrapped } = resolveVeraTargets(new VeraConfig(init), modules, facts);
  return trainedTensors(
    config,
    wrapped.map(({ name }) => name),
    golden(base),
  );
}

const names = (tensors: ReturnType<typeof trained>) => tensors.map(({ name }) => name);

describe('biases', () => {
  test('are those that PEFT trains and saves, of wrapped modules', () => {
    const { vera_config, trainable } = JSON.parse(readFileSync('test/golden/cases/opt_bias_mid/case.json', 'utf8')) as {
      vera_config: VeraConfigInit;
      trainable: Record<string, readonly number[]>;
    };
    const tensors = trained('opt', vera_config);
    expect(Object.fromEntries(tensors.map(({ savedKey, shape }) => [savedKey, shape]))).toEqual(
      Object.fromEntries(Object.entries(trainable).filter(([key]) => !key.includes('vera_lambda'))),
    );
    expect(tensors).toContainEqual({
      name: 'model.decoder.layers.0.fc1.bias',
      savedKey: 'base_model.model.model.decoder.layers.0.fc1.base_layer.bias',
      shape: [56],
      kind: 'bias',
    });
  });

  test.each(['none', 'all', 'vera_only', 'lora_only'])('follow the mode %s', (bias) => {
    const tensors = trained('gpt2', { target_modules: ['c_attn'], bias } as VeraConfigInit);
    const all = golden('gpt2').weights.flatMap(({ name }) => (name.endsWith('.bias') ? [name] : []));
    const wanted = bias === 'none' ? [] : all.filter((name) => bias === 'all' || name.includes('c_attn'));
    expect(names(tensors)).toEqual(wanted);
    for (const { name, savedKey, kind } of tensors) {
      const isWrapped = name.includes('c_attn');
      expect(savedKey).toBe(`base_model.model.${isWrapped ? name.replace('bias', 'base_layer.bias') : name}`);
      expect(kind).toBe('bias');
    }
  });

  test('are none where wrapped modules have none', () => {
    expect(trained('llama', { target_modules: ['q_proj'], bias: 'vera_only' })).toEqual([]);
  });
});

describe('modules to save', () => {
  const q = { target_modules: ['q_proj'] };

  test('are those whose names end with an entry, as in PEFT', () => {
    expect(names(trained('llama', { ...q, modules_to_save: ['norm'] })).sort()).toEqual([
      'model.layers.0.input_layernorm.weight',
      'model.layers.0.post_attention_layernorm.weight',
      'model.layers.1.input_layernorm.weight',
      'model.layers.1.post_attention_layernorm.weight',
      'model.norm.weight',
    ]);
    expect(trained('llama', { ...q, modules_to_save: ['model.norm', 'lm_head'] })).toEqual([
      { name: 'lm_head.weight', savedKey: 'base_model.model.lm_head.weight', shape: [96, 32], kind: 'module' },
      { name: 'model.norm.weight', savedKey: 'base_model.model.model.norm.weight', shape: [32], kind: 'module' },
    ]);
  });

  test('include all tensors below them, each once, and their biases', () => {
    const modules_to_save = ['layers.1.mlp', '1.mlp.up_proj'];
    expect(names(trained('llama', { ...q, modules_to_save }))).toEqual([
      'model.layers.1.mlp.down_proj.weight',
      'model.layers.1.mlp.gate_proj.weight',
      'model.layers.1.mlp.up_proj.weight',
    ]);
    const tensors = trained('gpt2', { target_modules: ['c_attn'], bias: 'all', modules_to_save: ['ln_f'] });
    expect(tensors.filter(({ name }) => name.includes('ln_f'))).toEqual([
      {
        name: 'transformer.ln_f.bias',
        savedKey: 'base_model.model.transformer.ln_f.bias',
        shape: [32],
        kind: 'module',
      },
      {
        name: 'transformer.ln_f.weight',
        savedKey: 'base_model.model.transformer.ln_f.weight',
        shape: [32],
        kind: 'module',
      },
    ]);
  });

  test('give a tied head a tensor of its own, after all others', () => {
    const tensors = trained('gpt2', { target_modules: ['c_attn'], modules_to_save: ['lm_head', 'wpe', 'ln_f'] });
    expect(names(tensors).slice(0, -1).sort()).toEqual([
      'transformer.ln_f.bias',
      'transformer.ln_f.weight',
      'transformer.wpe.weight',
    ]);
    expect(tensors.at(-1)).toEqual({
      name: 'lm_head.weight',
      savedKey: 'base_model.model.lm_head.weight',
      shape: [96, 32],
      kind: 'module',
    });
  });

  test.each(['SEQ_CLS', 'TOKEN_CLS', 'QUESTION_ANS'] as const)(
    'may lack the heads that PEFT adds for %s',
    (task_type) => {
      expect(trained('llama', { ...q, task_type })).toEqual([]);
    },
  );

  test('must be modules of the model', () => {
    for (const entry of ['classifier', 'nrom', '', 'model.layers.7']) {
      expect(() => trained('llama', { ...q, modules_to_save: ['norm', entry] })).toThrow(
        expect.objectContaining({
          name: 'WebVeraError',
          code: 'invalid_argument',
          message: expect.stringContaining(JSON.stringify(entry)),
          hint: expect.stringContaining('lm_head'),
        }),
      );
    }
  });

  test("can't be wrapped as well", () => {
    // `modules_to_save` matches any end of a module's name, even 'proj', but excludes a module from the targets only if it matches whole
    // parts of the name. So this module is both wrapped and saved.
    expect(() => trained('llama', { ...q, modules_to_save: ['proj'] })).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        message: expect.stringContaining('model.layers.0.self_attn.q_proj'),
      }),
    );
  });
});

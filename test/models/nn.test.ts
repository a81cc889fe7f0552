import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { PretrainedConfig } from '../../src/core/types/model';
import { readSafetensors } from '../../src/formats/tensors/safetensors';
import { Graph } from '../../src/graph/graph';
import { pinned, type Value } from '../../src/graph/value';
import { fileNames, fileShape } from '../../src/models/architecture';
import * as nn from '../../src/models/nn';
import { createArchitecture } from '../../src/tasks/task_registry';
import { taskOfBase } from '../helpers/golden/golden_batches';
import { type GoldenEntry, goldenBases, isDecoder } from '../helpers/golden/golden_index';
import { hasModuleList, moduleList } from '../helpers/maths/module_lists';

const configOf = (base: string): PretrainedConfig =>
  JSON.parse(readFileSync(`test/golden/base/${base}/config.json`, 'utf8'));
const create = (base: string, change: object = {}) =>
  createArchitecture({ ...configOf(base), ...change }, taskOfBase(`base/${base}`));
const namesOf = (modules: readonly { readonly name: string }[]) => modules.map(({ name }) => name);

/** Whether test/golden/modules.json lists the base's modules. */
const isListed = ({ base }: GoldenEntry): boolean => hasModuleList(`base/${base}`);
const decoders = goldenBases((entry) => isListed(entry) && isDecoder(entry));
const classifiers = goldenBases((entry) => isListed(entry) && !isDecoder(entry));

describe('a tree of modules', () => {
  const mlp = (bias: boolean) =>
    nn.module('MLP', {
      up: nn.linear(2, 3, bias),
      act: nn.activation('relu'),
      down: nn.conv1D(3, 2),
      drop: nn.dropout,
    });
  const model = nn.module('Model', {
    norm: undefined,
    layers: nn.blocks(2, (layer) => nn.module('Layer', { mlp: mlp(layer === 0) }, () => (_pass, x) => x)),
  })('model');

  test('has its modules by their paths, in the order in which they are given', () => {
    expect(model.modules.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'model Model',
      'model.layers ModuleList',
      ...[0, 1].flatMap((layer) => [
        `model.layers.${layer} Layer`,
        `model.layers.${layer}.mlp MLP`,
        `model.layers.${layer}.mlp.up Linear`,
        `model.layers.${layer}.mlp.act ReLU`,
        `model.layers.${layer}.mlp.down Conv1D`,
        `model.layers.${layer}.mlp.drop Dropout`,
      ]),
    ]);
  });

  test('has the tensors of its modules in the same order', () => {
    const ofMlp = (layer: number, tensors: readonly string[]) =>
      tensors.map((name) => `model.layers.${layer}.mlp.${name}`);
    expect(namesOf(model.weights)).toEqual([
      ...ofMlp(0, ['up.weight', 'up.bias', 'down.weight', 'down.bias']),
      ...ofMlp(1, ['up.weight', 'down.weight', 'down.bias']),
    ]);
    expect(model.weights[2]).toEqual({
      name: 'model.layers.0.mlp.down.weight',
      shape: [2, 3],
      kind: 'matrix',
      transposed: true,
    });
  });

  test('reports the beginning of each block, and the end of the last', () => {
    const calls: string[] = [];
    const block = (layer: number) =>
      nn.module('Layer', {}, () => (_pass: nn.ForwardPass, x: Value) => {
        calls.push(`${layer}`);
        return x;
      });
    const inputs = { block: () => void calls.push('block') } as unknown as nn.ForwardPass['inputs'];
    const x = pinned('x', [1, 2]);
    const pass = { g: new Graph(), layers: undefined as never, inputs };
    expect(nn.blocks(2, block)('layers').forward(pass, x)).toBe(x);
    expect(calls).toEqual(['block', '0', 'block', '1', 'block']);
  });
});

describe.each([...decoders, ...classifiers])('%s', (base) => {
  const model = create(base);
  const golden = moduleList(`base/${base}`);

  test('linear layers are torch’s, in its order', () => {
    const linears = golden.modules.filter(({ type }) => type === 'Linear' || type === 'Conv1D');
    expect(model.modules.filter(({ in_features }) => in_features !== undefined)).toEqual(linears);
    expect(golden.facts.output_embedding).toBe(model.head.outputEmbedding);
  });

  test('every container and embedding of the golden list is there', () => {
    const ours = new Map(model.modules.map(({ name, type }) => [name, type]));
    expect(ours.size).toBe(model.modules.length);
    expect(namesOf(golden.modules).filter((name) => !ours.has(name))).toEqual([]);
    for (const { name } of golden.modules.filter(({ type }) => type === 'Embedding'))
      expect(ours.get(name)).toMatch(/Embedding$/);
  });

  test('a module comes after the one that holds it', () => {
    const seen = new Set<string>();
    for (const { name } of model.modules) {
      if (name !== '') expect(seen).toContain(name.slice(0, Math.max(0, name.lastIndexOf('.'))));
      seen.add(name);
    }
  });

  test('weights are what the file holds', () => {
    const { tensors } = readSafetensors(new Uint8Array(readFileSync(`test/golden/base/${base}/model.safetensors`)));
    const held = [...tensors].map(([name, { shape }]) => [name, shape] as const);
    const wanted = model.weights.map((spec) => [fileNames(spec)[0], fileShape(spec)] as const);
    expect(new Map(wanted)).toEqual(new Map(held));
    expect(wanted.length).toBe(held.length);
  });
});

describe.each(decoders)('%s', (base) => {
  test('a tied head uses the embedding’s weight, another has its own', () => {
    const names = (tie_word_embeddings: boolean) => namesOf(create(base, { tie_word_embeddings }).weights);
    expect(names(true)).not.toContain('lm_head.weight');
    expect(names(false)).toContain('lm_head.weight');
    const shared = create(base, { tie_word_embeddings: true }).tied.get('lm_head');
    expect(names(true)).toContain(`${shared}.weight`);
    expect(create(base, { tie_word_embeddings: false }).tied.size).toBe(0);
  });
});

test('a block of GPT-2', () => {
  const block = create('gpt2').modules.filter(({ name }) => name.startsWith('transformer.h.1'));
  expect(block.map(({ name, type }) => `${name.slice('transformer.h.1'.length)} ${type}`)).toEqual([
    ' GPT2Block',
    '.ln_1 LayerNorm',
    '.attn GPT2Attention',
    '.attn.c_attn Conv1D',
    '.attn.c_proj Conv1D',
    '.attn.attn_dropout Dropout',
    '.attn.resid_dropout Dropout',
    '.ln_2 LayerNorm',
    '.mlp GPT2MLP',
    '.mlp.c_fc Conv1D',
    '.mlp.c_proj Conv1D',
    '.mlp.act NewGELUActivation',
    '.mlp.dropout Dropout',
  ]);
});

test('a block of OPT', () => {
  const block = create('opt').modules.filter(({ name }) => name.startsWith('model.decoder.layers.1'));
  expect(block.map(({ name, type }) => `${name.slice('model.decoder.layers.1'.length)} ${type}`)).toEqual([
    ' OPTDecoderLayer',
    '.self_attn OPTAttention',
    '.self_attn.k_proj Linear',
    '.self_attn.v_proj Linear',
    '.self_attn.q_proj Linear',
    '.self_attn.out_proj Linear',
    '.activation_fn ReLU',
    '.self_attn_layer_norm LayerNorm',
    '.fc1 Linear',
    '.fc2 Linear',
    '.final_layer_norm LayerNorm',
  ]);
});

test('OPT without biases, and without its last norm', () => {
  const names = namesOf(create('opt', { enable_bias: false, _remove_final_layer_norm: true }).weights);
  expect(names.filter((name) => name.endsWith('.bias') && !name.includes('layer_norm'))).toEqual([]);
  expect(names).not.toContain('model.decoder.final_layer_norm.weight');
});

test('XLM-RoBERTa is RoBERTa with classes of its own', () => {
  const [xlm, roberta] = [create('roberta', { model_type: 'xlm-roberta' }), create('roberta')];
  expect(xlm.weights).toEqual(roberta.weights);
  expect(xlm.modules.map(({ type }) => type.replace('XLM', '').replace('RoBERTa', 'Roberta'))).toEqual(
    roberta.modules.map(({ type }) => type),
  );
  expect(xlm.head.className).toBe('XLMRobertaForSequenceClassification');
});

test('encoders have no language model’s head', () => {
  expect(() => createArchitecture(configOf('bert'))).toThrow(
    /AutoModelForCausalLM: expected a model for that, got model_type bert/,
  );
});

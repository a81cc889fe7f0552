import '../helpers/gpu/gpu';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type Example, PeftModel } from '../../src/index';
import { randomArray } from '../helpers/maths/random';
import { type Case, changed, exportAt, load, modelFolder, rows as texts, withLayers } from './lib/exported';
import { expectGoesOn } from './lib/goes_on';
import { describeWithPeft } from './lib/peft';
import { runPython } from './lib/python';
import { expectSuccess, readOutput } from './lib/python_output';

const CLASSES = 3;
/** Labelled rows. The first class has more rows than the others. */
const classified = texts.map((row, index) => ({ ...row, label: index % 2 === 0 ? 0 : index % CLASSES }));
const typed = classified.map((row, index) => ({
  ...row,
  token_type_ids: row.input_ids.map((_, at) => (at > 2 + index ? 1 : 0)),
}));
const measured = texts.map((row, index) => ({ ...row, label: index === 3 ? -100 : 2 - index / 3 }));
/** Every second row ends with padding. */
const masked = classified.map((row, index) => ({
  ...row,
  attention_mask: row.input_ids.map((_, at) => (index % 2 === 1 && at > 2 + index ? 0 : 1)),
}));

const IMAGE = 16;
const images = Array.from({ length: 11 }, (_, index): Example => {
  const numbers = Float32Array.from(randomArray(3 * IMAGE * IMAGE, index));
  const data = Uint8ClampedArray.from({ length: 4 * IMAGE * IMAGE }, (_, at) =>
    at % 4 === 3 ? 255 : 127 + 127 * numbers[at % numbers.length]!,
  );
  const pixel_values = { dims: [3, IMAGE, IMAGE], data: numbers };
  const image = { width: IMAGE, height: IMAGE, data };
  return index % 3 === 0 ? { pixel_values, label: index % 5 } : { image, label: index % 5 };
});

/** Makes a folder of a ViT with a preprocessor_config.json. */
function withPreprocessor(): string {
  const folder = changed('vit', {});
  const config = { image_processor_type: 'ViTImageProcessor', size: { height: IMAGE, width: IMAGE } };
  const numbers = { image_mean: [0.5, 0.4, 0.3], image_std: [0.25, 0.5, 0.3] };
  writeFileSync(join(folder, 'preprocessor_config.json'), JSON.stringify({ ...config, ...numbers }));
  return folder;
}

const isHead = (name: string) => /^(classifier|pre_classifier|bert\.pooler|score)\b/.test(name);

const cases: Readonly<Record<string, Case>> = {
  'bert, with pairs of texts, weights of classes, smoothed labels, and a rate of the head': {
    base: 'bert',
    config: { r: 8, target_modules: ['query', 'value'] },
    args: { classWeights: 'balanced', label_smoothing_factor: 0.1, headLearningRate: 0.01 },
    data: typed,
    task: 'sequence_classification',
  },
  'bert, whose checkpoint has neither pooler nor classifier': {
    base: 'bert',
    config: { r: 8, target_modules: ['query', 'value'] },
    model: changed('bert', { tensor: (name, data) => (isHead(name) ? undefined : data) }),
    data: classified,
    task: 'sequence_classification',
    labels: { id2label: { 0: 'ham', 1: 'spam', 2: 'eggs' } },
  },
  'bert, with a head on means': {
    base: 'bert',
    config: { r: 8, target_modules: ['query', 'value'] },
    args: { headLearningRate: 0.01 },
    data: masked,
    task: 'sequence_classification',
    labels: { pooling: 'mean' },
  },
  'qwen2, with a head on maxima': {
    base: 'qwen2',
    config: { r: 8, target_modules: ['q_proj', 'v_proj'] },
    data: classified,
    task: 'sequence_classification',
    labels: { num_labels: CLASSES, pooling: 'max' },
  },
  'opt, whose hidden states are projected to another width, with a head on means': {
    base: 'opt-postnorm',
    config: { r: 8, target_modules: ['q_proj', 'v_proj'] },
    data: classified,
    task: 'sequence_classification',
    labels: { num_labels: CLASSES, pooling: 'mean' },
  },
  'gemma 3 as in EmbeddingGemma, with two layers after the mean': {
    base: 'gemma3-both-ways',
    config: { r: 8, target_modules: ['q_proj', 'v_proj'] },
    model: withLayers('Gemma 3, two layers after the mean, as in EmbeddingGemma'),
    data: masked,
    task: 'sequence_classification',
    labels: { num_labels: CLASSES },
  },
  'bert as in LaBSE, with a layer of torch after the first token': {
    base: 'bert',
    config: { r: 8, target_modules: ['query', 'value'] },
    model: withLayers('BERT, a layer after cls, as in LaBSE'),
    data: classified,
    task: 'sequence_classification',
    labels: { num_labels: CLASSES },
  },
  'distilbert, whose classifier has other labels': {
    base: 'distilbert',
    config: { r: 8, target_modules: ['q_lin', 'v_lin'], bias: 'vera_only' },
    args: { classWeights: { one: 3 } },
    data: classified.map((row) => ({ ...row, label: row.label % 2 })),
    task: 'sequence_classification',
    labels: { id2label: { 0: 'none', 1: 'one' } },
  },
  'modernbert, whose own head reads the mean of all tokens': {
    base: 'modernbert',
    config: { r: 8, target_modules: ['Wqkv', 'Wo'] },
    data: classified,
    task: 'sequence_classification',
  },
  'bert, with several labels at once': {
    base: 'bert',
    config: { r: 8, target_modules: ['query', 'value'] },
    data: texts.map((row, index) => ({ ...row, labels: [['a'], ['b', 'c'], []][index % 3]! })),
    task: 'sequence_classification',
    labels: { id2label: { 0: 'a', 1: 'b', 2: 'c' }, problem_type: 'multi_label_classification' },
  },
  'bert, with several numbers': {
    base: 'bert-numbers',
    config: { r: 8, target_modules: ['query', 'value'] },
    data: texts.map((row, index) => ({ ...row, labels: [index / 4, 1 - index, 0.5] })),
    task: 'sequence_classification',
  },
  'roberta, with numbers to be predicted': {
    base: 'roberta-regression',
    config: { r: 8, target_modules: ['query', 'value'] },
    data: measured,
    task: 'sequence_classification',
  },
  'gpt2, with padding': {
    base: 'gpt2-seqcls',
    config: { r: 8, target_modules: ['c_attn'], fan_in_fan_out: true },
    args: { headLearningRate: 0.003, lr_scheduler_type: 'cosine' },
    data: classified,
    task: 'sequence_classification',
  },
  'llama, with a new head, and no token of padding': {
    base: 'llama',
    config: { r: 8, target_modules: ['q_proj', 'v_proj'] },
    model: changed('llama', { config: { pad_token_id: null } }),
    data: masked,
    task: 'sequence_classification',
    labels: { num_labels: CLASSES },
  },
  'vit, with images and with numbers': {
    base: 'vit',
    config: { r: 8, target_modules: ['q_proj', 'v_proj'], modules_to_save: ['classifier'] },
    model: withPreprocessor(),
    args: { headLearningRate: 0.01 },
    data: images,
    task: 'image_classification',
  },
  'clip, the tower for images of two': {
    base: 'clip',
    config: { r: 8, target_modules: ['q_proj', 'v_proj'], modules_to_save: ['classifier'] },
    data: images,
    task: 'image_classification',
  },
  'siglip, with an adapter on a layer that classification does not use': {
    base: 'siglip',
    config: { r: 8, target_modules: ['q_proj', 'fc2'], modules_to_save: ['classifier'] },
    // torch's AdamW leaves parameters without a gradient as they are.
    args: { weight_decay: 0 },
    data: images,
    task: 'image_classification',
  },
  'dinov2, with a table of positions for larger images': {
    base: 'dinov2',
    config: { r: 8, target_modules: ['q_proj', 'v_proj'], modules_to_save: ['classifier'] },
    data: images,
    task: 'image_classification',
  },
};

describeWithPeft('Python goes on with a classifier as the run would have here', () => {
  test.each(Object.keys(cases))('%s', async (name) => {
    await expectGoesOn(cases[name]!, { isFresh: name === 'vit, with images and with numbers' });
  });

  test('an adapter on means without a task type opens here again', async () => {
    const one: Case = {
      ...cases['bert, with a head on means']!,
      config: { r: 8, target_modules: ['query', 'value'], task_type: null, modules_to_save: ['classifier'] },
    };
    const { folder } = await exportAt(one, 4);
    const foreign = join(folder, 'output', 'mine', 'adapter_config.json');
    mkdirSync(dirname(foreign), { recursive: true });
    writeFileSync(foreign, '{"auto_mapping": null}');
    expectSuccess(await runPython(folder, ['train.py', '--model', modelFolder('bert')]));
    expect(readFileSync(foreign, 'utf8')).toBe('{"auto_mapping": null}');
    const { adapter } = readOutput(folder);
    const saved = JSON.parse(await adapter['adapter_config.json'].text());
    expect(saved).toMatchObject({ task_type: null, auto_mapping: { pooling: { modes: ['mean'], normalize: false } } });
    const { model } = await load(one);
    await PeftModel.from_pretrained(model, adapter);
    await model.dispose();
  });
});

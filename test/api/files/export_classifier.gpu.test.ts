import { afterAll, describe, expect, test } from 'vitest';
import {
  AutoModelForImageClassification,
  AutoModelForSequenceClassification,
  export_run,
  get_peft_model,
  Trainer,
  VeraConfig,
} from '../../../src/index';
import { goldenBase } from '../../helpers/golden/golden';
import { jsonOf, textOf } from '../../helpers/session/exported_run';
import { openTestSession, tensorsOf } from '../../helpers/session/session';

const { session } = await openTestSession();
afterAll(() => session.close());

const rows = [
  { input_ids: [5, 6, 7], token_type_ids: [0, 0, 1], label: 'ham' },
  { input_ids: [5, 8], attention_mask: [1, 0], label: 'spam' },
  { input_ids: [9, 5, 6, 7], label: 'ham' },
];
const linesOf = async (files: ReadonlyMap<string, Blob>) =>
  (await textOf(files, 'train.jsonl'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a classifier of texts', async () => {
  const load = (base: string) =>
    AutoModelForSequenceClassification.from_pretrained(goldenBase(`base/${base}`), {
      session,
      id2label: { 0: 'ham', 1: 'spam' },
      ignore_mismatched_sizes: true,
    });
  const config = { r: 8, target_modules: ['query', 'value'], task_type: 'SEQ_CLS' } as const;
  const base = await load('bert');
  const model = await get_peft_model(base, new VeraConfig(config));
  const args = { classWeights: { spam: 5 }, label_smoothing_factor: 0.1, headLearningRate: 1, max_steps: 4 };
  const files = await export_run({ model, trainer: new Trainer({ model, args, train_dataset: rows }) });

  test('has its labels, and the rate of its head, in the export', async () => {
    expect(await jsonOf(files, 'run.json')).toMatchObject({
      task: 'sequence_classification',
      labels: ['ham', 'spam'],
      problem_type: 'single_label_classification',
      label_smoothing_factor: 0.1,
      head_learning_rate: 1,
      rows_at_a_time: 4,
      training_arguments: { learning_rate: 0.03 },
    });
    expect(await textOf(files, 'run.json')).toContain('"head_learning_rate": 1.0,');
  });

  test('exports its rows with their weights', async () => {
    expect(await linesOf(files)).toEqual([
      { input_ids: [5, 6, 7], attention_mask: [1, 1, 1], token_type_ids: [0, 0, 1], labels: 0 },
      { input_ids: [5, 8], attention_mask: [1, 0], token_type_ids: [0, 0], labels: 1, weight: 5 },
      { input_ids: [9, 5, 6, 7], attention_mask: [1, 1, 1, 1], token_type_ids: [0, 0, 0, 0], labels: 0 },
    ]);
  });

  test('exports the head that it began with', async () => {
    const head = await tensorsOf(files.get('head.safetensors')!);
    const names = ['bert.pooler.dense', 'classifier'].flatMap((name) => [`${name}.weight`, `${name}.bias`]);
    expect([...head.keys()].sort()).toEqual(names.sort());
    const state = await base.state_dict();
    for (const name of names) expect(head.get(name), name).toEqual(state.get(name)!.data);
  });

  test('names a head of two layers as torch does', async () => {
    const own = await get_peft_model(await load('roberta'), new VeraConfig(config));
    const exported = await export_run({
      model: own,
      trainer: new Trainer({ model: own, args: { max_steps: 4 }, train_dataset: rows.slice(1) }),
    });
    expect(await jsonOf(exported, 'run.json')).not.toHaveProperty('head_learning_rate');
    const names = [...(await tensorsOf(exported.get('checkpoint-0/optimizer.safetensors')!)).keys()];
    const wanted = 'base_model.model.classifier.modules_to_save.default.out_proj.weight';
    expect(names).toEqual(expect.arrayContaining([`${wanted}.exp_avg`, `${wanted}.exp_avg_sq`]));
  });
});

test('a decoder without a token of padding is exported up to its last tokens, which Python takes one by one', async () => {
  const { files } = goldenBase('base/llama');
  const json = JSON.parse(await files.get('config.json')!.text());
  const source = {
    files: new Map([...files, ['config.json', new Blob([JSON.stringify({ ...json, pad_token_id: null })])]]),
  };
  const base = await AutoModelForSequenceClassification.from_pretrained(source, { session, num_labels: 2 });
  const model = await get_peft_model(base, new VeraConfig({ r: 8, target_modules: ['q_proj'], task_type: 'SEQ_CLS' }));
  const train_dataset = [
    { input_ids: [5, 8, 9], attention_mask: [0, 1, 0], label: 1 },
    { input_ids: [5], label: 0 },
  ];
  const exported = await export_run({ model, trainer: new Trainer({ model, train_dataset }) });
  expect((await linesOf(exported))[0]).toEqual({ input_ids: [5, 8], attention_mask: [0, 1], labels: 1 });
  expect(await jsonOf(exported, 'run.json')).toMatchObject({ rows_at_a_time: 1, rows_per_step: 4 });
});

test('a classifier of images is exported with the names of transformers 5 alone', async () => {
  const train_dataset = [0, 1].map((label) => ({
    pixel_values: { dims: [3, 16, 16], data: new Float32Array(768) },
    label,
  }));
  const exported = async (module_names: 'v4' | 'v5', target: string) => {
    const base = await AutoModelForImageClassification.from_pretrained(goldenBase('base/vit'), {
      session,
      module_names,
    });
    const config = new VeraConfig({ r: 8, target_modules: [target], modules_to_save: ['classifier'] });
    const model = await get_peft_model(base, config);
    return export_run({ model, trainer: new Trainer({ model, train_dataset }) });
  };
  expect(await jsonOf(await exported('v5', 'q_proj'), 'run.json')).toMatchObject({ task: 'image_classification' });
  await expect(exported('v4', 'query')).rejects.toMatchObject({
    code: 'invalid_argument',
    message: "export_run: expected a model with the names of transformers 5, got transformers 4's",
    hint: "Load it with module_names: 'v5', and train the adapter anew.",
  });
});

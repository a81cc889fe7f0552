import { describe, expect, test } from 'vitest';
import { type RunFolder, writeRunFolder } from '../../src/formats/run_folder';
import { exportedRow, type TokenRow } from '../../src/tasks/causal_lm/token_row';
import { jsonOf, textOf } from '../helpers/session/exported_run';
import { tensorsOf } from '../helpers/session/session';

const Q = 'base_model.model.model.layers.0.self_attn.q_proj';
const moments = (scale: number) =>
  new Map([
    [`${Q}.vera_lambda_b.default`, { dims: [2], data: Float32Array.of(scale, 2 * scale) }],
    [`${Q}.base_layer.bias`, { dims: [2], data: Float32Array.of(6 * scale, 7 * scale) }],
  ]);

const row = (ids: readonly number[], mask: readonly number[] = ids.map(() => 1)): TokenRow => ({
  input_ids: Uint32Array.from(ids),
  labels: Int32Array.from(ids, (id, at) => (at === 0 ? -100 : id)),
  attention_mask: Uint8Array.from(mask),
});

const folder: RunFolder = {
  progress: { global_step: 4, max_steps: 9, epoch: 2 },
  logs: [
    { step: 2, loss: 3, grad_norm: 0.5, learning_rate: 1e-5, tokens_per_second: 7, seconds_left: 8 },
    { step: 4, loss: 2.5, grad_norm: 1, learning_rate: 0.01, tokens_per_second: 7, seconds_left: 8 },
  ],
  config: new TextEncoder().encode('{"peft_type": "VERA"}'),
  adapter: Uint8Array.of(1, 2, 3),
  exp_avg: moments(0.5),
  exp_avg_sq: moments(0.25),
  settings: {
    training_arguments: { max_steps: 9, learning_rate: 1, logging_steps: 2, save_steps: 20 },
    rows_per_step: 4,
    rows_at_a_time: 2,
    shuffle: true,
    seed: 2 ** 40,
    task: 'causal_lm',
  },
  head: new Map(),
  base: new Map([['model.norm.weight', { shape: [8], at: [0, 1], values: [0.5, 1] }]]),
  rows: [],
};

describe('the folder of a run', () => {
  test('holds a checkpoint, the rows, and a script that reads them', async () => {
    const files = await writeRunFolder(folder);
    expect([...files.keys()].sort()).toEqual([
      'README.md',
      'checkpoint-4/adapter_config.json',
      'checkpoint-4/adapter_model.safetensors',
      'checkpoint-4/optimizer.safetensors',
      'checkpoint-4/trainer_state.json',
      'classify.py',
      'data.py',
      'pooled_classifier.py',
      'prefer.py',
      'requirements.txt',
      'run.json',
      'train.jsonl',
      'train.py',
    ]);
    expect(await textOf(files, 'checkpoint-4/adapter_config.json')).toBe('{"peft_type": "VERA"}');
    expect(await textOf(files, 'train.py')).toContain('trainer.train(resume_from_checkpoint=');
    expect(await textOf(files, 'requirements.txt')).toMatch(/^peft>=/m);
    expect(await textOf(files, 'requirements.txt')).not.toContain('trl');
    expect(await textOf(files, 'README.md')).toContain('accelerate launch');
  });

  test('describes the run for Python, with floats where Python has floats', async () => {
    const files = await writeRunFolder(folder);
    expect(await jsonOf(files, 'run.json')).toEqual({
      checkpoint: 'checkpoint-4',
      step: 4,
      ...folder.settings,
      base_model: { 'model.norm.weight': { shape: [8], at: [0, 1], values: [0.5, 1] } },
    });
    expect(await textOf(files, 'run.json')).toContain('"learning_rate": 1.0,');
  });

  test('of a run that learns from preferences needs TRL', async () => {
    const preference = { kind: 'dpo', beta: 1, loss_type: 'ipo', label_smoothing: 0 } as const;
    const files = await writeRunFolder({ ...folder, settings: { ...folder.settings, preference } });
    expect(await textOf(files, 'requirements.txt')).toMatch(/^safetensors>=.*\ntrl>=/m);
    expect((await jsonOf(files, 'run.json')).preference).toEqual(preference);
    expect(await textOf(files, 'run.json')).toMatch(/"beta": 1\.0,/);
  });

  test("has the log as transformers' Trainer keeps it", async () => {
    const state = await jsonOf(await writeRunFolder(folder), 'checkpoint-4/trainer_state.json');
    expect(state).toMatchObject({ global_step: 4, max_steps: 9, epoch: 2, logging_steps: 2, train_batch_size: 2 });
    expect(state.log_history).toEqual([
      { epoch: 1, step: 2, loss: 3, grad_norm: 0.5, learning_rate: 1e-5 },
      { epoch: 2, step: 4, loss: 2.5, grad_norm: 1, learning_rate: 0.01 },
    ]);
  });

  test("has AdamW's moments by the names of torch's parameters", async () => {
    const files = await writeRunFolder(folder);
    const written = await tensorsOf(files.get('checkpoint-4/optimizer.safetensors')!);
    const expected = (part: string, scale: number) => ({
      [`${Q}.vera_lambda_b.default.${part}`]: [scale, 2 * scale],
      [`${Q}.base_layer.bias.${part}`]: [6 * scale, 7 * scale],
    });
    expect(Object.fromEntries([...written].map(([name, data]) => [name, [...data]]))).toEqual({
      ...expected('exp_avg', 0.5),
      ...expected('exp_avg_sq', 0.25),
    });
    expect(await files.get('checkpoint-4/adapter_model.safetensors')?.arrayBuffer()).toEqual(folder.adapter.buffer);
  });
});

describe('the rows', () => {
  const linesOf = async (rows: readonly TokenRow[]) => {
    const text = await textOf(await writeRunFolder({ ...folder, rows: rows.map(exportedRow) }), 'train.jsonl');
    return text.split('\n').map((line) => (line === '' ? null : JSON.parse(line)));
  };

  test('one a line, padding included', async () => {
    expect(await linesOf([row([5, 6, 7]), row([0, 8, 9], [0, 1, 1])])).toEqual([
      { input_ids: [5, 6, 7], attention_mask: [1, 1, 1], labels: [-100, 6, 7] },
      { input_ids: [0, 8, 9], attention_mask: [0, 1, 1], labels: [-100, 8, 9] },
      null,
    ]);
  });

  test('packed ones say how long their documents are', async () => {
    const mask = [1, 1, 2, 1, 1, 1];
    expect(await linesOf([row([4, 5, 6, 7, 8, 9], mask), row([4, 5], [2, 2])])).toEqual([
      {
        input_ids: [4, 5, 6, 7, 8, 9],
        attention_mask: [1, 1, 1, 1, 1, 1],
        labels: [-100, 5, 6, 7, 8, 9],
        seq_lengths: [2, 1, 3],
      },
      { input_ids: [4, 5], attention_mask: [1, 1], labels: [-100, 5] },
      null,
    ]);
  });

  test('many of them', async () => {
    const lines = await linesOf(Array.from({ length: 3000 }, () => row(Array.from({ length: 300 }, (_, at) => at))));
    expect(lines).toHaveLength(3001);
    expect(lines[2999].input_ids).toHaveLength(300);
  });
});

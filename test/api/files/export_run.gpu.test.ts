import { describe, expect, test } from 'vitest';
import { writeSafetensors } from '../../../src/formats/tensors/safetensors';
import {
  AutoModelForCausalLM,
  export_run,
  get_peft_model,
  type TrainerState,
  VeraConfig,
  VeraModel,
} from '../../../src/index';
import { trainerKey } from '../../../src/page/training/trainer';
import { loadTiny, loadTinyVera, tinyFiles, tinyHalves, tinyRow } from '../../helpers/models/tiny_llama';
import { firstLog, tinyTrainer, weightsOf } from '../../helpers/models/tiny_training';
import { testInAll } from '../../helpers/ring';
import { jsonOf, textOf } from '../../helpers/session/exported_run';
import { oneBrowser } from '../../helpers/session/one_browser';
import { resumedAdapter, resumedArgs, resumedRows } from '../../helpers/session/resumed_run';
import { openTestSession, tensorsOf, within } from '../../helpers/session/session';

oneBrowser();

const opened = await openTestSession();
const init = { train_dataset: resumedRows, args: { ...resumedArgs, save_strategy: 'no' } } as const;

/** Returns the step of an exported run, and a function that returns its files by name. */
async function stepOf(files: ReadonlyMap<string, Blob>): Promise<{ step: number; at: (name: string) => Blob }> {
  const { step, checkpoint } = await jsonOf(files, 'run.json');
  return { step: Number(step), at: (name) => files.get(`${checkpoint}/${name}`)! };
}

describe('a run that trains', () => {
  test('is exported with its present state, without an effect on it', async () => {
    const straight = await loadTinyVera(opened);
    const expected = tinyTrainer(straight, init).train();
    await expected;

    const model = await loadTinyVera(opened);
    const trainer = tinyTrainer(model, init);
    const run = trainer.train();
    await firstLog(run);
    const files = await export_run({ model, trainer });
    const { step, at } = await stepOf(files);
    expect(step).toBeGreaterThan(0);
    expect(step).toBeLessThan(12);
    await run;
    expect(await weightsOf(model)).toEqual(await weightsOf(straight));
    const { log_history } = JSON.parse(await at('trainer_state.json').text());
    const numbers = expected.state.log_history.slice(0, step).map(({ loss, grad_norm }) => [loss, grad_norm]);
    expect(log_history.map(({ loss, grad_norm }: (typeof log_history)[0]) => [loss, grad_norm])).toEqual(numbers);
  });

  test('while it is paused: the vectors of that step, and moments that aren’t zeros', async () => {
    const model = await loadTinyVera(opened);
    const trainer = tinyTrainer(model, init);
    const run = trainer.train();
    await firstLog(run);
    await run.pause();
    const paused = await weightsOf(model);
    const [files, again] = await Promise.all([export_run({ model, trainer }), export_run({ model, trainer })]);
    const { step, at } = await stepOf(files);
    expect(step).toBe(run.state.global_step);
    expect((await stepOf(again)).step).toBe(step);
    expect(new Uint8Array(await at('adapter_model.safetensors').arrayBuffer())).toEqual(paused);
    for (const [name, moment] of await tensorsOf(at('optimizer.safetensors'))) {
      // λ_d has no gradient while λ_b is 0.
      if (!name.includes('lambda_d'))
        expect(
          moment.some((value) => value !== 0),
          name,
        ).toBe(true);
    }
    await run.resume();
    await run;
  });

  test('before its first step, and of a generator', async () => {
    const model = await loadTinyVera(opened);
    const trainer = tinyTrainer(model, {
      ...init,
      train_dataset: (function* () {
        yield* resumedRows;
      })(),
    });
    const run = trainer.train();
    const files = await export_run({ model, trainer });
    expect((await textOf(files, 'train.jsonl')).trimEnd().split('\n')).toHaveLength(resumedRows.length);
    expect((await run).global_step).toBe(12);
    await expect(export_run({ model, trainer })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'train_dataset: expected at least one example, got 0',
      hint: expect.stringContaining('only once'),
    });
  });

  test('is exported even if another train() was refused meanwhile', async () => {
    const model = await loadTinyVera(opened);
    const trainer = tinyTrainer(model, init);
    const run = trainer.train();
    await firstLog(run);
    await run.pause();
    await expect(Promise.resolve(trainer.train())).rejects.toMatchObject({ code: 'invalid_argument' });
    const { step } = await stepOf(await export_run({ model, trainer }));
    expect(step).toBeGreaterThan(0);
    expect(step).toBe(run.state.global_step);
    await run.stop();
  });

  test('is exported after a train() whose options were refused, which counts as ended', async () => {
    const model = await loadTinyVera(opened);
    const trainer = tinyTrainer(model, init);
    const refused = trainer.train({ resume: true } as never);
    await expect(Promise.resolve(refused)).rejects.toMatchObject({ code: 'invalid_argument' });
    const run = trainer.train();
    expect(trainer[trainerKey].run).toBe(run);
    await firstLog(run);
    const { step } = await stepOf(await export_run({ model, trainer }));
    expect(step).toBeGreaterThan(0);
    await run.stop();
  });

  testInAll('of more than is copied at once', async () => {
    const base = await loadTiny(opened);
    const model = await get_peft_model(base, new VeraConfig({ ...resumedAdapter, r: 70_000 }));
    const trainer = tinyTrainer(model, init);
    const run = trainer.train();
    await firstLog(run);
    const { step, at } = await stepOf(await export_run({ model, trainer }));
    expect(step).toBeGreaterThan(0);
    expect(at('optimizer.safetensors').size).toBeGreaterThan(2 * 2 ** 20);
    await run.stop();
  });

  test('that was aborted is exported from its last stored state, which is its beginning here', async () => {
    const model = await loadTinyVera(opened);
    const controller = new AbortController();
    const trainer = tinyTrainer(model, init);
    const run = trainer.train({ signal: controller.signal });
    await firstLog(run);
    await run.pause();
    controller.abort('closed');
    await expect(Promise.resolve(run)).rejects.toBe('closed');
    await expect(export_run({ model, trainer })).rejects.toMatchObject({
      code: 'not_found',
      message: 'export_run: expected a run whose state was kept, got one without a checkpoint',
    });
  });
});

describe('a run that doesn’t train', () => {
  test('that never began: from its first step', async () => {
    const model = await loadTinyVera(opened);
    const trainer = tinyTrainer(model, init);
    const { step, at } = await stepOf(await export_run({ model, trainer }));
    expect(step).toBe(0);
    expect(JSON.parse(await at('trainer_state.json').text())).toMatchObject({ global_step: 0, max_steps: 12 });
    const moments = await tensorsOf(at('optimizer.safetensors'));
    expect(moments.size).toBe(2 * 2 * 6);
    for (const moment of moments.values()) expect(moment.every((value) => value === 0)).toBe(true);
  });

  test('after the page was closed: from its last checkpoint, from any page', async () => {
    const saved = await within({ store: 'auto' }, async (first) => {
      const model = await loadTinyVera(first);
      let last = 0;
      const on_save = (_: unknown, { global_step }: TrainerState) => {
        last = global_step;
      };
      const trainer = tinyTrainer(model, { train_dataset: resumedRows, args: resumedArgs, callbacks: [{ on_save }] });
      const run = trainer.train();
      for await (const event of run) if (event.type === 'log' && event.logs.step === 5) break;
      await run.stop();
      return { vectors: await weightsOf(model), last };
    });
    await within({ store: 'auto' }, async (second) => {
      const model = await loadTinyVera(second);
      const trainer = tinyTrainer(model, { train_dataset: resumedRows, args: resumedArgs });
      const { step, at } = await stepOf(await export_run({ model, trainer }));
      expect(step).toBe(saved.last);
      expect(step).toBeGreaterThanOrEqual(5);
      expect(new Uint8Array(await at('adapter_model.safetensors').arrayBuffer())).toEqual(saved.vectors);
      const { log_history } = JSON.parse(await at('trainer_state.json').text());
      expect(log_history).toHaveLength(step);
    });
  });

  test('that has no steps left is refused', async () => {
    await within({ store: 'memory' }, async (own) => {
      const model = await loadTinyVera(own);
      const trainer = tinyTrainer(model, { train_dataset: resumedRows, args: resumedArgs });
      await trainer.train();
      await expect(export_run({ model, trainer })).rejects.toMatchObject({
        code: 'invalid_argument',
        message: 'export_run: expected a run with steps left, got one at step 12 of 12',
        hint: expect.stringContaining('larger max_steps'),
      });
      const longer = tinyTrainer(model, { train_dataset: resumedRows, args: { ...resumedArgs, max_steps: 15 } });
      expect((await stepOf(await export_run({ model, trainer: longer }))).step).toBe(12);
    });
  });

  test('without data is refused', async () => {
    const model = await loadTinyVera(opened);
    const trainer = tinyTrainer(model, { train_dataset: [] });
    await expect(export_run({ model, trainer })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'Expected a data set with at least one example to learn from, got none',
    });
  });
});

describe('the export has', () => {
  test('the arguments by transformers’ names, with the warm-up in steps', async () => {
    const model = await loadTinyVera(opened);
    const args = { warmup_ratio: 0.3, max_steps: 10, gradient_accumulation_steps: 3, seed: 2 ** 33 + 5, shuffle: true };
    const smoothed = { ...args, label_smoothing_factor: 0.1 };
    const run = await jsonOf(await export_run({ model, trainer: tinyTrainer(model, { args: smoothed }) }), 'run.json');
    expect(run).toMatchObject({
      rows_per_step: 6,
      rows_at_a_time: 2,
      shuffle: true,
      seed: 2 ** 33 + 5,
      training_arguments: {
        ...{ max_steps: 10, warmup_steps: 3, seed: 5, lr_scheduler_type: 'constant', max_grad_norm: 1 },
        label_smoothing_factor: 0.1,
      },
    });
  });

  test('rows as they are tokenised here', async () => {
    const model = await loadTinyVera(opened);
    const rows = [
      { input_ids: [3, 4, 5, 6], labels: [-100, -100, 5, 6] },
      { ...tinyRow(3), attention_mask: [0, 1, 1] },
    ];
    const files = await export_run({ model, trainer: tinyTrainer(model, { train_dataset: rows }) });
    const [first, second] = (await textOf(files, 'train.jsonl')).split('\n').map((line) => line && JSON.parse(line));
    expect(first).toEqual({ input_ids: [3, 4, 5, 6], attention_mask: [1, 1, 1, 1], labels: [-100, -100, 5, 6] });
    expect(second).toMatchObject({ attention_mask: [0, 1, 1], labels: [-100, ...tinyRow(3).input_ids.slice(1)] });
  });

  test('the facts by which it knows the base model, also in half precision', async () => {
    const halves = tinyFiles({ weights: writeSafetensors(tinyHalves()) });
    for (const source of [tinyFiles(), halves]) {
      const base = await AutoModelForCausalLM.from_pretrained(source, { session: opened.session });
      const model = await get_peft_model(base, new VeraConfig(resumedAdapter));
      const { base_model } = await jsonOf(await export_run({ model, trainer: tinyTrainer(model) }), 'run.json');
      const state = await base.state_dict();
      const known = base_model as Record<string, { shape: number[]; at: number[]; values: number[] }>;
      expect(Object.keys(known).length).toBeGreaterThan(15);
      for (const [name, { shape, at, values }] of Object.entries(known)) {
        const { dims, data } = state.get(name)!;
        expect(shape, name).toEqual(dims);
        expect(values, name).toEqual(at.map((index) => data[index]));
      }
    }
  });

  test('an adapter of another name opens under PEFT’s own, and its projections are in the file if they are rounded', async () => {
    const base = await loadTiny(opened);
    const config = new VeraConfig({ ...resumedAdapter, save_projection: false });
    for (const projection_dtype of ['float32', 'bfloat16'] as const) {
      const model = await get_peft_model(base, config, 'mine', { projection_dtype });
      const { at } = await stepOf(await export_run({ model, trainer: tinyTrainer(model) }));
      const adapter_config = JSON.parse(await at('adapter_config.json').text());
      expect(adapter_config.save_projection).toBe(projection_dtype === 'bfloat16');
      const files = {
        'adapter_config.json': at('adapter_config.json'),
        'adapter_model.safetensors': at('adapter_model.safetensors'),
      };
      const again = await VeraModel.from_pretrained(base, files);
      expect(again.active_adapters).toEqual(['default']);
      expect([...(await tensorsOf(at('optimizer.safetensors'))).keys()][0]).toContain('.default.exp_avg');
    }
  });
});

import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, test, vi } from 'vitest';
import { writeSafetensors } from '../../../src/formats/tensors/safetensors';
import {
  get_peft_model,
  type TrainerInit,
  type TrainerState,
  type TrainingArguments,
  type TrainRun,
  VeraConfig,
  type VeraConfigInit,
  VeraModel,
} from '../../../src/index';
import { toArray } from '../../helpers/bytes/to_array';
import { loadTiny, loadTinyVera, tinyConfig, tinyFiles, tinyTensors } from '../../helpers/models/tiny_llama';
import { tinyTrainer, weightsOf } from '../../helpers/models/tiny_training';
import { testInAll } from '../../helpers/ring';
import { oneBrowser } from '../../helpers/session/one_browser';
import {
  numbersOf,
  type RunPlan,
  resumedAdapter,
  resumedArgs,
  resumedRows,
  stopAt,
  trained,
  typesOf,
} from '../../helpers/session/resumed_run';
import { within } from '../../helpers/session/session';

oneBrowser();

/** A model whose head has 1.3 MB and is trained. */
const largeConfig = { ...tinyConfig, vocab_size: 20_000, tie_word_embeddings: false };
const large = {
  base: tinyFiles({ config: largeConfig, weights: writeSafetensors(tinyTensors(largeConfig)) }),
  config: { modules_to_save: ['lm_head'] },
};

const biasedConfig = { ...tinyConfig, attention_bias: true };
const biased = tinyFiles({ config: biasedConfig, weights: writeSafetensors(tinyTensors(biasedConfig)) });

describe('a run that is resumed in a later session equals the uninterrupted one to the bit', () => {
  test.each<[string, VeraConfigInit]>([
    ['vectors', {}],
    ['with dropout', { vera_dropout: 0.2 }],
    ['with a whole module', { modules_to_save: ['lm_head'] }],
    ['of another key', { projection_prng_key: 7 }],
  ])('%s', async (_, config) => {
    await expectToGoOn({ config });
  });

  test.each<[string, TrainingArguments]>([
    ['with accumulation', { gradient_accumulation_steps: 3, per_device_train_batch_size: 1 }],
    ['packed', { packing: true, max_length: 64 }],
    ['with gradient checkpointing', { gradient_checkpointing: true }],
  ])('%s', async (_, args) => {
    await expectToGoOn({ init: { args } });
  });

  testInAll('of more than is copied at once', async () => {
    const { config, base } = large;
    await expectToGoOn({ config, base, init: { args: { learning_rate: 1e-3 } } });
  });

  test('with trained biases', async () => {
    await expectToGoOn({ base: biased, config: { bias: 'all' } });
  });

  test('with two adapters that train together', async () => {
    await expectToGoOn({ beside: { r: 4, target_modules: ['o_proj'] } });
  });

  async function expectToGoOn(plan: RunPlan): Promise<void> {
    const init = (args: TrainingArguments) => ({
      ...plan,
      init: { ...plan.init, args: { ...plan.init?.args, ...args } },
    });
    const straight = await trained(init({ save_strategy: 'no' }));
    const first = await trained({ ...plan, meanwhile: stopAt(5) });
    const reached = first.logs.length;
    expect(reached).toBeLessThan(12);
    expect(first.saved.at(-1)).toBe(`checkpoint-${reached}`);
    const second = await trained({ ...plan, resume: true });
    expect(second.events[0]).toMatchObject({ type: 'restored', checkpoint: `checkpoint-${reached}` });
    expect(second.events[0]!.state).toMatchObject({ global_step: reached, max_steps: 12 });
    expect(second.logs.map(numbersOf)).toEqual(straight.logs.map(numbersOf));
    expect(second.weights).toEqual(straight.weights);
    expect(second.besides).toEqual(straight.besides);
    expect(second.training_loss).toBe(straight.training_loss);
  }
});

describe('what is resumed', () => {
  test('a run that was aborted resumes from the last save', async () => {
    const straight = await trained();
    expect(straight.saved).toEqual(['checkpoint-4', 'checkpoint-8', 'checkpoint-12']);
    vi.stubGlobal('indexedDB', new IDBFactory());
    let last = '';
    await within({ store: 'auto' }, async (opened) => {
      const model = await get_peft_model(await loadTiny(opened), new VeraConfig(resumedAdapter));
      const controller = new AbortController();
      const on_save = (_: unknown, { global_step }: TrainerState) => {
        last = `checkpoint-${global_step}`;
      };
      const trainer = tinyTrainer(model, { train_dataset: resumedRows, args: resumedArgs, callbacks: [{ on_save }] });
      const run = trainer.train({ signal: controller.signal });
      for await (const event of run) if (event.type === 'log' && event.logs.step === 5) break;
      controller.abort('closed');
      await expect(Promise.resolve(run)).rejects.toBe('closed');
    });
    const second = await trained({ resume: true });
    expect(last).toMatch(/^checkpoint-[48]$/);
    expect(second.events[0]).toMatchObject({ type: 'restored', checkpoint: last });
    expect(second.logs.map(numbersOf)).toEqual(straight.logs.map(numbersOf));
    expect(second.weights).toEqual(straight.weights);
  });

  test('a run that is stopped at once has the training that is stored', async () => {
    const first = await trained({ meanwhile: stopAt(5) });
    const second = await trained({ resume: true, meanwhile: (run) => run.stop() });
    expect(second.logs).toEqual(first.logs);
    expect(second.weights).toEqual(first.weights);
    expect(second.training_loss).toBe(first.training_loss);
  });

  test('by name: one of the last two, and no other', async () => {
    const straight = await trained();
    const named = await trained({ resume: 'checkpoint-8' });
    expect(named.events[0]).toMatchObject({ type: 'restored', checkpoint: 'checkpoint-8' });
    expect(named.weights).toEqual(straight.weights);
    await expect(trained({ resume: 'checkpoint-4' })).rejects.toMatchObject({
      code: 'not_found',
      message: 'resume_from_checkpoint: expected a stored checkpoint-4, but there are checkpoint-12 and checkpoint-8',
      detail: { there: ['checkpoint-12', 'checkpoint-8'] },
    });
    vi.stubGlobal('indexedDB', new IDBFactory());
    await expect(trained({ resume: 'checkpoint-8' })).rejects.toMatchObject({
      code: 'not_found',
      message: 'resume_from_checkpoint: expected a stored checkpoint-8, but there is none',
    });
  });

  test('a run that had ended ends at once, with its earlier result', async () => {
    const straight = await trained();
    const again = await trained({ resume: true });
    expect(typesOf(again)).toEqual(['restored']);
    expect(again.logs).toEqual(straight.logs);
    expect(again.weights).toEqual(straight.weights);
    expect(again.training_loss).toBe(straight.training_loss);
  });

  test.each<[string, RunPlan]>([
    ['nothing unless asked', { resume: false }],
    ['nothing of other data', { resume: true, init: { train_dataset: resumedRows.toReversed() } }],
    ['nothing of another adapter', { resume: true, config: { r: 4 } }],
    ['nothing of another key', { resume: true, config: { projection_prng_key: 1 } }],
  ])('%s', async (_, plan) => {
    await trained({ meanwhile: stopAt(5) });
    const other = await trained(plan);
    expect(typesOf(other)).not.toContain('restored');
    expect(other.logs.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(other.warnings).not.toContain('other_arguments');
  });

  test('a run with other arguments uses them, and says so', async () => {
    const first = await trained({ meanwhile: stopAt(5) });
    const longer = await trained({
      resume: true,
      init: { args: { max_steps: 14, learning_rate: 0.01, save_steps: 5 } },
    });
    expect(longer.logs.map(({ step }) => step).at(-1)).toBe(14);
    expect(longer.logs.slice(0, first.logs.length)).toEqual(first.logs);
    expect(longer.warnings).toContain('other_arguments');
    expect(longer.messages).toContain(
      'The checkpoint was made with other arguments, and the run goes on with these: ' +
        'max_steps 14 (was 12), learning_rate 0.01 (was 0.05)',
    );
  });

  test('a run with another metric compares no evaluation with those by the one before', async () => {
    const plan = (metric_for_best_model: string): RunPlan => {
      const args = {
        eval_strategy: 'steps',
        eval_steps: 2,
        metric_for_best_model,
        load_best_model_at_end: true,
      } as const;
      return { init: { eval_dataset: resumedRows, args } };
    };
    await trained({ ...plan('eval_loss'), meanwhile: stopAt(5) });
    const { events } = await trained({ ...plan('perplexity'), resume: true });
    const perplexities = events.flatMap((event) => (event.type === 'evaluate' ? (event.metrics.perplexity ?? []) : []));
    expect(perplexities.length).toBeGreaterThan(2);
    expect(events.at(-1)?.state.best_metric).toBe(Math.min(...perplexities));
  });

  test('a run that was stopped behind its new end ends at once, and says so', async () => {
    const first = await trained({ meanwhile: stopAt(7) });
    const step = first.logs.length;
    const init = { args: { max_steps: -1, num_train_epochs: 3, per_device_train_batch_size: 7 } };
    const shorter = await trained({ resume: true, init });
    expect(typesOf(shorter)).toEqual(['restored']);
    expect(shorter.weights).toEqual(first.weights);
    expect(shorter.messages).toContain(
      `The run was stopped at step ${step} of 12 steps then, and of 3 with the arguments of now: it ends at once, with what it had learnt`,
    );
    // The stopped run's checkpoint still exists, and a longer run resumes from it.
    const straight = await trained({ init: { args: { save_strategy: 'no' } } });
    const longer = await trained({ resume: true });
    expect(longer.logs.slice(0, step)).toEqual(first.logs);
    expect(longer.weights).toEqual(straight.weights);
  });

  test('a finished run with other arguments begins anew', async () => {
    await trained();
    const init: Partial<TrainerInit> = { args: { learning_rate: 0.01 } };
    const other = await trained({ init, resume: true });
    expect(typesOf(other)).not.toContain('restored');
    expect(other.warnings).not.toContain('other_arguments');
    expect(other.weights).toEqual((await trained({ init, resume: true })).weights);
  });

  test('no run of an adapter that began with other values', async () => {
    const begun = await within({ store: 'memory' }, async (opened) => {
      const model = await loadTinyVera(opened);
      await tinyTrainer(model, { args: { max_steps: 1 } }).train();
      return model.save_pretrained();
    });
    const first = await trained({ meanwhile: stopAt(5) });
    expect(first.saved.length).toBeGreaterThan(0);
    await within({ store: 'auto' }, async (opened) => {
      const base = await loadTiny(opened);
      const model = await VeraModel.from_pretrained(base, begun, { is_trainable: true });
      const run = tinyTrainer(model, { train_dataset: resumedRows, args: resumedArgs }).train({
        resume_from_checkpoint: true,
      });
      await run;
      expect((await toArray(run)).map(({ type }) => type)).not.toContain('restored');
    });
  });

  test('a finished run with more steps trains them', async () => {
    const args = { lr_scheduler_type: 'constant' } as const;
    const straight = await trained({ init: { args: { ...args, max_steps: 14, save_strategy: 'no' } } });
    await trained({ init: { args } });
    const longer = await trained({ resume: true, init: { args: { ...args, max_steps: 14 } } });
    expect(longer.weights).toEqual(straight.weights);
  });

  test('in the session that it stopped in, and without a database', async () => {
    await within({ store: 'memory' }, async (opened) => {
      const base = await loadTiny(opened);
      const config = new VeraConfig({ r: 8, target_modules: ['q_proj', 'v_proj'] });
      const train = async (meanwhile?: (run: TrainRun) => Promise<unknown>, resume = false) => {
        const model = await get_peft_model(base, config);
        const run = tinyTrainer(model, { train_dataset: resumedRows, args: resumedArgs }).train({
          resume_from_checkpoint: resume,
        });
        await meanwhile?.(run);
        await run;
        return weightsOf(model);
      };
      const straight = await train();
      await train(stopAt(6));
      expect(await train(undefined, true)).toEqual(straight);
    });
  });
});

import { describe, expect, test } from 'vitest';
import { writeSafetensors } from '../../../src/formats/tensors/safetensors';
import {
  AutoModelForCausalLM,
  get_peft_model,
  type ModelSource,
  type TrainEvent,
  type TrainerInit,
  type TrainRun,
  VeraConfig,
  type VeraModel,
} from '../../../src/index';
import { tinyConfig, tinyFiles, tinyTensors } from '../../helpers/models/tiny_llama';
import { tinyRows, tinyTrainer, weightsOf } from '../../helpers/models/tiny_training';
import { ofRing } from '../../helpers/ring';
import { changedBase, notFinite, troubles } from '../../helpers/session/diverging';
import { oneBrowser } from '../../helpers/session/one_browser';
import { resumedAdapter } from '../../helpers/session/resumed_run';
import { type TestSession, vectorsOf, within } from '../../helpers/session/session';

oneBrowser();

/** Trains until the run fails, and returns its events, its error and its model. */
async function failed(
  { session }: TestSession,
  base: ModelSource,
  { resume = false, ...init }: Partial<TrainerInit> & { readonly resume?: boolean },
): Promise<{
  readonly model: VeraModel;
  readonly run: TrainRun;
  readonly events: TrainEvent[];
  readonly error: unknown;
}> {
  const loaded = await AutoModelForCausalLM.from_pretrained(base, { session });
  const model = await get_peft_model(loaded, new VeraConfig(resumedAdapter));
  const run = tinyTrainer(model, init).train({ resume_from_checkpoint: resume });
  const events: TrainEvent[] = [];
  try {
    for await (const event of run) events.push(event);
  } catch (error) {
    return { model, run, events, error };
  }
  throw new Error('expected a run that fails');
}

describe('a run that can’t succeed ends after three times, and leaves the last good vectors', () => {
  test('of values that no file may hold', async () => {
    await within({}, async (opened) => {
      const args = { learning_rate: 1e6, max_steps: 6, save_strategy: 'no' } as const;
      const { model, events, error } = await failed(opened, tinyFiles(), { args });
      expect(error).toMatchObject({ code: 'numerical_error', detail: { step: 6, kept_step: 0 } });
      expect(String(error)).toMatch(/at most 10000, got .*, though the learning rate was halved 3 times/);
      expect(troubles(events).filter(Array.isArray)).toEqual([
        [0, 6],
        [0, 6],
        [0, 6],
      ]);
      await expectAsFresh(model, opened, tinyFiles());
    });
  });

  test.each(['no', 'steps'] as const)(
    'of a frozen weight that is no number, with the strategy %s',
    async (strategy) => {
      await within({}, async (opened) => {
        const base = changedBase('model.layers.1.mlp.up_proj.weight', (value, at) => (at === 7 ? Number.NaN : value));
        const { model, events, error } = await failed(opened, base, {
          args: { save_strategy: strategy, save_steps: 1 },
        });
        expect(error).toMatchObject({
          code: 'numerical_error',
          message: `${notFinite(1)}, though the learning rate was halved 3 times`,
          hint: expect.stringContaining('The adapter holds the vectors of step 0.'),
          detail: { step: 1, kept_step: 0 },
        });
        expect(troubles(events).filter(Array.isArray)).toEqual([
          [0, 0],
          [0, 0],
          [0, 0],
        ]);
        await expectAsFresh(model, opened, base);
      });
    },
  );

  /** A base model in which the embedding of token 0 is infinite. */
  const poisoned = changedBase('model.embed_tokens.weight', (value, at) =>
    at < 16 ? Number.POSITIVE_INFINITY : value,
  );
  const rows = tinyRows.with(4, { input_ids: [5, 0, 6, 7] });

  test('of a batch that leads nowhere', async () => {
    await within({ store: 'auto' }, async (opened) => {
      const init = { train_dataset: rows, args: { save_steps: 1 } };
      const first = await failed(opened, poisoned, init);
      expect(first.error).toMatchObject({ code: 'numerical_error', detail: { step: 3, kept_step: 1 } });
      expect(troubles(first.events).filter(Array.isArray)).toEqual([
        [1, 1],
        [1, 1],
        [1, 1],
      ]);
      const good = await vectorsOf(await first.model.save_pretrained());
      const isChanged = [...good].some(([name, vector]) => name.endsWith('_b') && vector.some((value) => value !== 0));
      expect(isChanged).toBe(true);
      await expectToLoad(first.model);
      // A resumed run with the same arguments fails at once; a resumed run with another rate is tried again.
      const again = await failed(opened, poisoned, { ...init, resume: true });
      expect(again.error).toMatchObject({ detail: { step: 3 } });
      expect(troubles(again.events).filter(Array.isArray)).toEqual([]);
      const other = await failed(opened, poisoned, {
        train_dataset: rows,
        args: { save_steps: 1, learning_rate: 1e-3 },
        resume: true,
      });
      expect(troubles(other.events).filter(Array.isArray)).toHaveLength(3);
      await expectToLoad(other.model);
    });
  });

  async function expectAsFresh(model: VeraModel, { session }: TestSession, base: ModelSource): Promise<void> {
    const loaded = await AutoModelForCausalLM.from_pretrained(base, { session });
    const fresh = await get_peft_model(loaded, new VeraConfig(resumedAdapter));
    expect(await weightsOf(model)).toEqual(await weightsOf(fresh));
    await expectToLoad(model);
  }

  async function expectToLoad(model: VeraModel): Promise<void> {
    const files = await model.save_pretrained();
    for (const vector of (await vectorsOf(files)).values()) expect(vector.every(Number.isFinite)).toBe(true);
    await model.load_adapter(files, 'again');
  }
});

/** A model whose head has 1.1 MB and is trained. */
const largeConfig = { ...tinyConfig, vocab_size: 17_000, tie_word_embeddings: false };
const large = tinyFiles({ config: largeConfig, weights: writeSafetensors(tinyTensors(largeConfig)) });

const trainables: readonly (readonly [string, ModelSource, object])[] = [
  ['vectors', tinyFiles(), {}],
  ['more than is copied at once', large, { modules_to_save: ['lm_head'] }],
];
test.each(ofRing(trainables, { test: ([what]) => what === 'vectors' }))(
  'all trained values are restored together: %s',
  async (_, base, config) => {
    await within({}, async (opened) => {
      const { session } = opened;
      const loaded = await AutoModelForCausalLM.from_pretrained(base, { session });
      const args = { max_steps: 3, learning_rate: 0.01, lr_scheduler_type: 'linear', save_strategy: 'no' } as const;
      const model = await get_peft_model(loaded, new VeraConfig({ ...resumedAdapter, ...config }));
      const train_dataset = tinyRows.slice(0, 1);
      // At the end of the first step, the callback writes NaN into the adapter's pool (the buffer of its trained values), once.
      let isSpoilt = false;
      const on_step_end = (): void => {
        if (isSpoilt) return;
        isSpoilt = true;
        opened.overwrite('pool of default', 0, [Number.NaN]);
      };
      const run = tinyTrainer(model, { train_dataset, args, callbacks: [{ on_step_end }] }).train();
      await run;
      const half = await get_peft_model(
        await AutoModelForCausalLM.from_pretrained(base, { session }),
        new VeraConfig({ ...resumedAdapter, ...config }),
      );
      await tinyTrainer(half, { train_dataset, args: { ...args, learning_rate: 0.005 } }).train();
      expect(await weightsOf(model)).toEqual(await weightsOf(half));
      expect(run.state).toMatchObject({ global_step: 3 });
      expect(run.state.log_history).toHaveLength(3);
    });
  },
);

test('a run that pauses during such a step is restored first', async () => {
  await within({}, async (opened) => {
    const loaded = await AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: opened.session });
    const model = await get_peft_model(loaded, new VeraConfig(resumedAdapter));
    const before = await weightsOf(model);
    let begun = Number.NaN;
    let pause = (): void => {};
    const paused = new Promise<void>((resolve) => {
      pause = resolve;
    });
    // The second step that begins after the overwrite certainly reads the overwritten pool.
    const on_step_begin = (): void => {
      begun += 1;
      if (begun === 2) pause();
    };
    const args = { max_steps: 30, save_strategy: 'no' } as const;
    const run = tinyTrainer(model, { args, callbacks: [{ on_step_begin }] }).train();
    for await (const { type } of run) if (type === 'log') break;
    opened.overwrite('pool of default', 0, [Number.NaN]);
    begun = 0;
    await paused;
    await run.pause();
    const { global_step, log_history } = run.state;
    expect(log_history).toHaveLength(global_step);
    const weights = await weightsOf(model);
    if (global_step === 0) expect(weights).toEqual(before);
    await run.resume();
    expect((await run).global_step).toBe(30);
    const types: string[] = [];
    for await (const { type } of run) types.push(type);
    expect(types).toContain('recovered');
    expect(types.indexOf('recovered')).toBeLessThan(types.indexOf('paused'));
  });
});

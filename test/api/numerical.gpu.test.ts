import { IDBFactory, IDBObjectStore } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { writeSafetensors } from '../../src/formats/safetensors';
import {
  AutoModelForCausalLM,
  export_run,
  get_peft_model,
  type ModelSource,
  Profile,
  type TrainEvent,
  type TrainerInit,
  type TrainRun,
  VeraConfig,
  type VeraModel,
} from '../../src/index';
import { changedBase, steep, troubles } from '../helpers/diverging';
import { jsonOf, tensorsOf } from '../helpers/exported_run';
import { habit, profileOptions, weightsOf as weightsOfProfile } from '../helpers/profiles';
import { numbersOf, type RunPlan, resumedAdapter, resumedArgs, resumedRows, trained } from '../helpers/resumed_run';
import { type TestSession, vectorsOf, within } from '../helpers/session';
import { tinyConfig, tinyFiles, tinyTensors } from '../helpers/tiny_llama';
import { tinyRows, tinyTrainer, weightsOf } from '../helpers/tiny_training';

/** What one browser keeps, and a clock that stands: runs are kept by time, too. */
beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const WEIGHTS = 'adapter_model.safetensors';
const notFinite = (step: number): string => `Step ${step}: the loss or a gradient isn't finite`;
const goesOn = (problem: string, from: number, rate: number, of: number): string =>
  `${problem}. Training goes on from step ${from} with a learning_rate of ${rate} in place of ${of}`;

/** A run of the steep model that goes by other arguments. */
const diverging = (args: TrainerInit['args'], more: Partial<RunPlan> = {}): RunPlan => ({
  ...steep,
  ...more,
  init: { ...more.init, args: { lr_scheduler_type: 'constant', ...args } },
});

/** A run that fails: what it told, why, and the model that it leaves. */
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

describe('a run whose gradient isn’t finite', () => {
  test('goes back to its beginning, and equals one with half the rate', async () => {
    const args = { save_strategy: 'no', max_steps: 5 } as const;
    const plan: Partial<RunPlan> = { config: { ...steep.config, vera_dropout: 0.1 } };
    const run = await trained(diverging({ ...args, learning_rate: 512 }, plan));
    const half = await trained(diverging({ ...args, learning_rate: 256 }, plan));
    const [recovered] = run.events.filter(({ type }) => type === 'recovered');
    expect(recovered).toMatchObject({ cause: 'numerical_error', state: { global_step: 0, epoch: 0, max_steps: 5 } });
    const step = (recovered as { repeatedSteps: number }).repeatedSteps + 1;
    expect(troubles(run.events)).toEqual([[0, step - 1], goesOn(notFinite(step), 0, 256, 512)]);
    expect(troubles(half.events)).toEqual([]);
    expect(run.logs.map(numbersOf)).toEqual(half.logs.map(numbersOf));
    expect(run.weights).toEqual(half.weights);
    expect(run.training_loss).toBe(half.training_loss);
  });

  test('goes back to the last state that is known to be good, and keeps that anew', async () => {
    const { events, saved, logs } = await trained(diverging({ learning_rate: 512 }));
    const told = [[0, 2], goesOn(notFinite(3), 0, 256, 512), [4, 1], goesOn(notFinite(6), 4, 128, 512)];
    expect(troubles(events)).toEqual(told);
    expect(saved).toEqual(['checkpoint-0', 'checkpoint-4', 'checkpoint-4', 'checkpoint-8', 'checkpoint-12']);
    expect(logs.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    expect(logs.map(({ learning_rate }) => learning_rate)).toEqual([...Array(4).fill(256), ...Array(8).fill(128)]);
  });

  test('calls its callbacks for repeated steps again', async () => {
    const begun: number[] = [];
    const on_step_end = (_: unknown, { global_step }: { global_step: number }) => void begun.push(global_step);
    const callbacks = [{ on_step_end }];
    await trained(diverging({ learning_rate: 512, max_steps: 5 }, { init: { callbacks } }));
    expect(begun).toEqual([1, 2, 1, 2, 3, 4, 5]);
  });

  test('does so though nothing can be stored', async () => {
    const straight = await trained(diverging({ learning_rate: 512 }));
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('no room', 'QuotaExceededError');
    });
    const full = await trained(diverging({ learning_rate: 512 }));
    put.mockRestore();
    expect(full.saved).toEqual([]);
    expect(full.weights).toEqual(straight.weights);
  });

  test('exports with the halved rate', async () => {
    await within({}, async ({ session }) => {
      const base = await AutoModelForCausalLM.from_pretrained(steep.base, { session });
      const model = await get_peft_model(base, new VeraConfig({ ...resumedAdapter, ...steep.config }));
      const args = { ...resumedArgs, lr_scheduler_type: 'constant', learning_rate: 512, save_strategy: 'no' } as const;
      const trainer = tinyTrainer(model, { train_dataset: resumedRows, args: { ...args, max_steps: 5 } });
      const run = trainer.train();
      for await (const { type } of run) if (type === 'recovered') break;
      const files = await export_run({ model, trainer });
      expect(await jsonOf(files, 'run.json')).toMatchObject({ training_arguments: { learning_rate: 256 } });
      await run;
    });
  });
});

describe('a run that is resumed after its rate was halved equals the unbroken one to the bit', () => {
  test.each<[string, (run: TrainRun) => Promise<unknown>]>([
    ['stopped as soon as it went back', stopWhen(({ type }) => type === 'recovered')],
    ['stopped after some steps', stopWhen((event) => event.type === 'log' && event.logs.learning_rate === 128)],
  ])('%s', async (_, meanwhile) => {
    const straight = await trained(diverging({ learning_rate: 512 }));
    vi.stubGlobal('indexedDB', new IDBFactory());
    const first = await trained(diverging({ learning_rate: 512 }, { meanwhile }));
    expect(first.logs.length).toBeLessThan(12);
    const second = await trained(diverging({ learning_rate: 512 }, { resume: true }));
    expect(second.events[0]).toMatchObject({ type: 'restored' });
    expect(second.logs.map(numbersOf)).toEqual(straight.logs.map(numbersOf));
    expect(second.weights).toEqual(straight.weights);
    expect(second.training_loss).toBe(straight.training_loss);
  });

  test('also where the state that it is resumed from leads nowhere', async () => {
    const straight = await trained(diverging({ learning_rate: 512, save_steps: 1 }));
    expect(troubles(straight.events)[0]).toEqual([1, 1]);
    vi.stubGlobal('indexedDB', new IDBFactory());
    await trained(diverging({ learning_rate: 512, save_steps: 1, max_steps: 2 }));
    const second = await trained(diverging({ learning_rate: 512, save_steps: 1 }, { resume: true }));
    expect(second.events[0]).toMatchObject({ type: 'restored', checkpoint: 'checkpoint-2' });
    expect(second.weights).toEqual(straight.weights);
  });

  test('but for one that is given another rate, which is not halved', async () => {
    const { events } = await trained(diverging({ learning_rate: 300, max_steps: 5 }));
    expect(events.map(({ type }) => type)).toContain('recovered');
    const { logs } = await trained(diverging({ learning_rate: 8, max_steps: 7 }, { resume: true }));
    expect(logs.at(-1)).toMatchObject({ step: 7, learning_rate: 8 });
  });
});

function stopWhen(isTime: (event: TrainEvent) => boolean) {
  return async (run: TrainRun): Promise<void> => {
    for await (const event of run) {
      if (!isTime(event)) continue;
      await run.stop();
      return;
    }
  };
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

  /** All that the token 0 begins with is infinite. */
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
      // It ends at once where nothing is other, and tries again with another rate.
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

/** A head of 1.1 MB that trains. */
const largeConfig = { ...tinyConfig, vocab_size: 17_000, tie_word_embeddings: false };
const large = tinyFiles({ config: largeConfig, weights: writeSafetensors(tinyTensors(largeConfig)) });

test.each<[string, ModelSource, object]>([
  ['vectors', tinyFiles(), {}],
  ['more than is copied at once', large, { modules_to_save: ['lm_head'] }],
])('what trains goes back as a whole: %s', async (_, base, config) => {
  await within({}, async (opened) => {
    const { session } = opened;
    const loaded = await AutoModelForCausalLM.from_pretrained(base, { session });
    const args = { max_steps: 3, learning_rate: 0.01, lr_scheduler_type: 'linear', save_strategy: 'no' } as const;
    const model = await get_peft_model(loaded, new VeraConfig({ ...resumedAdapter, ...config }));
    const train_dataset = tinyRows.slice(0, 1);
    // Once, what trains itself is no number any more.
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
});

test('a run that is to pause with such a step under way goes back first', async () => {
  await within({}, async (opened) => {
    const loaded = await AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: opened.session });
    const model = await get_peft_model(loaded, new VeraConfig(resumedAdapter));
    const before = await weightsOf(model);
    let begun = Number.NaN;
    let pause = (): void => {};
    const paused = new Promise<void>((resolve) => {
      pause = resolve;
    });
    // The second step that begins from now on is sure to find what is written.
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

describe('a profile', () => {
  test('goes through a run that recovers', async () => {
    await within({ store: 'auto' }, async ({ session }) => {
      const base = await AutoModelForCausalLM.from_pretrained(steep.base, { session });
      const args = { ...profileOptions.args, lr_scheduler_type: 'constant', learning_rate: 2048 } as const;
      const profile = await Profile.open(base, 'ada', {
        ...profileOptions,
        peft_config: { r: 8, ...steep.config },
        args,
      });
      await profile.add(habit(1));
      const run = profile.learn();
      const events: TrainEvent[] = [];
      for await (const event of run) events.push(event);
      expect(events.map(({ type }) => type)).toContain('recovered');
      expect((await run).global_step).toBe(4);
      expect(run.state.log_history.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
      expect(profile.info.history).toMatchObject([{ steps: 4 }]);
    });
  });

  test('keeps its vectors where a run can’t succeed, and leaves nothing to go on from', async () => {
    const base = changedBase('model.embed_tokens.weight', (value, at) => (at < 16 ? Number.NaN : value));
    await within({ store: 'auto' }, async ({ session }) => {
      const loaded = await AutoModelForCausalLM.from_pretrained(base, { session });
      const profile = await Profile.open(loaded, 'ada', profileOptions);
      await profile.add([...habit(1), { input_ids: [5, 0, 6, 7] }]);
      const before = await weightsOfProfile(profile);
      await expect(Promise.resolve(profile.learn({ args: { max_steps: 12 } }))).rejects.toMatchObject({
        code: 'numerical_error',
      });
      expect(await weightsOfProfile(profile)).toEqual(before);
      expect(profile.info.history).toEqual([]);
      expect(profile.learning).toBeUndefined();
    });
  });
});

describe('what isn’t finite is not saved', () => {
  test('as a LoRA', async () => {
    await within({}, async (opened) => {
      const base = changedBase('lm_head.weight', (value, at) => (at === 7 ? Number.NaN : value));
      const loaded = await AutoModelForCausalLM.from_pretrained(base, { session: opened.session });
      const model = await get_peft_model(loaded, new VeraConfig({ ...resumedAdapter, modules_to_save: ['lm_head'] }));
      for (const saved of [model.save_as_lora(), model.save_pretrained()]) {
        await expect(saved).rejects.toMatchObject({
          code: 'numerical_error',
          message: expect.stringMatching(/lm_head\.weight: expected finite values, got NaN/),
        });
      }
    });
  });

  test('as a model', async () => {
    await within({}, async (opened) => {
      const loaded = await AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: opened.session });
      const model = await get_peft_model(loaded, new VeraConfig(resumedAdapter));
      opened.overwrite('pool of default', 0, [Number.NaN]);
      const merged = await model.merge_and_unload();
      await expect(merged.export_model()).rejects.toMatchObject({
        code: 'numerical_error',
        message: expect.stringMatching(/weight: expected finite values, got NaN/),
      });
    });
  });

  test('as an exported run', async () => {
    await within({}, async (opened) => {
      const loaded = await AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: opened.session });
      const model = await get_peft_model(loaded, new VeraConfig(resumedAdapter));
      const trainer = tinyTrainer(model, { args: { max_steps: 6 } });
      const files = await export_run({ model, trainer });
      expect((await tensorsOf(files.get(`checkpoint-0/${WEIGHTS}`) as Blob)).size).toBeGreaterThan(0);
      opened.overwrite('pool of default', 0, [Number.NaN]);
      await expect(export_run({ model, trainer })).rejects.toMatchObject({ code: 'numerical_error' });
    });
  });
});

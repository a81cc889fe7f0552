import { IDBFactory, IDBObjectStore } from 'fake-indexeddb';
import { describe, expect, test, vi } from 'vitest';
import {
  AutoModelForCausalLM,
  export_run,
  get_peft_model,
  Profile,
  type TrainEvent,
  type TrainerInit,
  type TrainRun,
  VeraConfig,
} from '../../../src/index';
import { tinyFiles } from '../../helpers/models/tiny_llama';
import { tinyTrainer } from '../../helpers/models/tiny_training';
import { changedBase, notFinite, steep, troubles } from '../../helpers/session/diverging';
import { jsonOf } from '../../helpers/session/exported_run';
import { oneBrowser } from '../../helpers/session/one_browser';
import { habit, profileOptions, weightsOf as weightsOfProfile } from '../../helpers/session/profiles';
import {
  numbersOf,
  type RunPlan,
  resumedAdapter,
  resumedArgs,
  resumedRows,
  trained,
} from '../../helpers/session/resumed_run';
import { tensorsOf, within } from '../../helpers/session/session';

oneBrowser();

const WEIGHTS = 'adapter_model.safetensors';
const goesOn = (problem: string, from: number, rate: number, of: number): string =>
  `${problem}. Training continues from step ${from} with a learning_rate of ${rate} in place of ${of}`;

/** Returns the plan of a run with these arguments. It trains `steep`, a model that diverges at high learning rates. */
const diverging = (args: TrainerInit['args'], more: Partial<RunPlan> = {}): RunPlan => ({
  ...steep,
  ...more,
  init: { ...more.init, args: { lr_scheduler_type: 'constant', ...args } },
});

describe('a run whose gradient isn’t finite', () => {
  test('returns to its beginning, and equals one with half the rate', async () => {
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

  test('returns to the last state that is known to be good, and stores it again', async () => {
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

  test('recovers even if nothing can be stored', async () => {
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

  test("if the state that it is resumed from leads to numbers that aren't finite", async () => {
    const straight = await trained(diverging({ learning_rate: 512, save_steps: 1 }));
    expect(troubles(straight.events)[0]).toEqual([1, 1]);
    vi.stubGlobal('indexedDB', new IDBFactory());
    await trained(diverging({ learning_rate: 512, save_steps: 1, max_steps: 2 }));
    const second = await trained(diverging({ learning_rate: 512, save_steps: 1 }, { resume: true }));
    expect(second.events[0]).toMatchObject({ type: 'restored', checkpoint: 'checkpoint-2' });
    expect(second.weights).toEqual(straight.weights);
  });

  test('unless it gets another rate, which is not halved', async () => {
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

describe('a profile', () => {
  test('learns with a run that recovers', async () => {
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

  test('keeps its vectors if a run can’t succeed, and leaves nothing to resume', async () => {
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

describe('an adapter that isn’t finite is not saved', () => {
  test('as a LoRA', async () => {
    await within({}, async (opened) => {
      const base = changedBase('lm_head.weight', (value, at) => (at === 7 ? Number.NaN : value));
      const loaded = await AutoModelForCausalLM.from_pretrained(base, { session: opened.session });
      const model = await get_peft_model(loaded, new VeraConfig({ ...resumedAdapter, modules_to_save: ['lm_head'] }));
      for (const save of [() => model.save_as_lora(), () => model.save_pretrained()]) {
        await expect(save()).rejects.toMatchObject({
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

import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, test, vi } from 'vitest';
import { bytesOf as bytesIn } from '../../../src/core/input/bytes';
import type { RawTensor } from '../../../src/formats/tensors/safetensors';
import { get_peft_model, LoraConfig, PeftModel, type TrainEvent, Trainer, VeraConfig } from '../../../src/index';
import { edited } from '../../helpers/bytes/edited';
import { toArray } from '../../helpers/bytes/to_array';
import { loadTiny, loadTinyVera, tinyRow } from '../../helpers/models/tiny_llama';
import { expectToTrain, tinyTrainer, weightsOf } from '../../helpers/models/tiny_training';
import { at, begin, lose, losing, recoveries } from '../../helpers/session/losing_runs';
import { oneBrowser } from '../../helpers/session/one_browser';
import { numbersOf, resumedAdapter, resumedArgs, resumedRows, trained } from '../../helpers/session/resumed_run';
import { type TestSession, within } from '../../helpers/session/session';

oneBrowser();

const lost = { code: 'device_lost', message: expect.stringContaining('crashed') };

describe('a run whose device is lost', () => {
  test('resumes by itself from its last checkpoint, and ends with the bytes of an undisturbed run', async () => {
    const straight = await trained();
    await within({ store: 'auto' }, async (opened) => {
      const states: string[] = [];
      opened.session.addEventListener('statechange', () => states.push(opened.session.state));
      const { model, trainer } = await begin(opened);
      const run = trainer.train();
      await losing(opened, run, at(7));
      const { training_loss } = await run;
      const events = await toArray(run);
      const [recovered, ...others] = recoveries(events);
      expect(others).toEqual([]);
      expect(recovered).toMatchObject({ cause: 'device_lost', state: { max_steps: 12 } });
      const logged = events.flatMap((event) => (event.type === 'log' ? [event.logs.step] : []));
      const [again = 0] = logged.slice(logged.findIndex((step, i) => step <= (logged[i - 1] ?? 0)));
      expect(recovered?.repeatedSteps).toBe(Math.max(...logged.slice(0, logged.indexOf(again, again))) - again + 1);
      expect(again).toBeGreaterThan(4);
      expect(run.state.log_history.map(numbersOf)).toEqual(straight.logs.map(numbersOf));
      expect(training_loss).toBe(straight.training_loss);
      expect(await weightsOf(model)).toEqual(straight.weights);
      expect(states).toContain('recovering');
      expect(opened.session.state).toBe('ready');
      await expectToTrain(model);
      expect(await model.generate([3, 4], { max_new_tokens: 2 })).toBe('');
    });
  });

  test('repeats all steps if nothing is stored, with one pass through its data and one call of on_train_begin', async () => {
    const straight = await trained({ init: { args: { save_strategy: 'no' } } });
    await within({}, async (opened) => {
      const { model } = await begin(opened);
      let passes = 0;
      async function* once() {
        passes += 1;
        yield* resumedRows;
      }
      const calls: string[] = [];
      const note = (name: string) => () => void calls.push(name);
      const run = new Trainer({
        model,
        train_dataset: once(),
        args: { per_device_train_batch_size: 2, ...resumedArgs, save_strategy: 'no' },
        callbacks: [{ on_train_begin: note('begin'), on_train_end: note('end') }],
      }).train();
      await losing(opened, run, at(3));
      const [recovered] = recoveries(await toArray(run));
      expect(recovered?.state).toMatchObject({ global_step: 0 });
      expect(recovered?.repeatedSteps).toBeGreaterThanOrEqual(3);
      expect(passes).toBe(1);
      expect(calls).toEqual(['begin', 'end']);
      expect(await weightsOf(model)).toEqual(straight.weights);
    });
  });

  test("begins with its first vectors, also if an earlier run made them, and leaves that run's checkpoints", async () => {
    const twice = async (opened: TestSession, when: (event: TrainEvent) => boolean) => {
      const { model, trainer } = await begin(opened);
      await trainer.train();
      const run = trainer.train();
      await losing(opened, run, when);
      await run;
      return { weights: await weightsOf(model), events: await toArray(run) };
    };
    const straight = await within({ store: 'auto' }, (opened) => twice(opened, () => false));
    vi.stubGlobal('indexedDB', new IDBFactory());
    const broken = await within({ store: 'auto' }, (opened) => twice(opened, at(2)));
    // The second run doesn't use the first run's checkpoints.
    expect(recoveries(broken.events)[0]?.state.global_step).toBe(0);
    expect(broken.weights).toEqual(straight.weights);
  });

  test.each(['unmatched_pattern', 'projection_differs'])('repeats no warning about its adapter: %s', (code) =>
    within({}, async (opened) => {
      const base = await loadTiny(opened);
      const lora = new LoraConfig({ r: 2, target_modules: ['q_proj'], rank_pattern: { nothing: 4 } });
      const saved = await (await get_peft_model(base, new VeraConfig(resumedAdapter))).save_pretrained();
      const double = (tensors: Map<string, RawTensor>): void => {
        const { bytes } = tensors.get('base_model.vera_A')!;
        bytes.set(bytesIn(new Float32Array(bytes.slice().buffer).map((value) => 2 * value)));
      };
      const model =
        code === 'unmatched_pattern'
          ? await get_peft_model(base, lora)
          : await PeftModel.from_pretrained(base, await edited(saved, { tensors: double }), { is_trainable: true });
      expect(opened.warnings.filter((given) => given === code)).toHaveLength(1);
      const run = tinyTrainer(model, { train_dataset: resumedRows, args: { ...resumedArgs, max_steps: 4 } }).train();
      await losing(opened, run, at(2));
      expect(recoveries(await toArray(run))).toHaveLength(1);
      expect(opened.warnings.filter((given) => given === code)).toHaveLength(1);
    }),
  );

  test('reports no step whose result came after the loss', async () => {
    const straight = await trained();
    await within({ store: 'auto' }, async (opened) => {
      const { trainer } = await begin(opened);
      const run = trainer.train();
      const told: unknown[] = [];
      for await (const event of run) {
        if (event.type === 'log') told.push(numbersOf(event.logs));
        if (event.type !== 'log' || event.logs.step !== 6 || told.length > 6) continue;
        // Until its loss is reported, the device returns zeros for every read.
        opened.blank();
        setTimeout(() => lose(opened), 20);
      }
      await run;
      const right = straight.logs.map(numbersOf);
      for (const logs of told) expect(right).toContainEqual(logs);
      expect(recoveries(await toArray(run)).at(-1)).toMatchObject({ cause: 'device_lost' });
      expect(run.state.log_history.map(numbersOf)).toEqual(right);
    });
  });

  test('stays paused, and continues when it is resumed', async () => {
    const straight = await trained();
    await within({ store: 'auto' }, async (opened) => {
      const { model, trainer } = await begin(opened);
      const run = trainer.train();
      for await (const { type } of run) if (type === 'save') break;
      await run.pause();
      const { global_step } = run.state;
      lose(opened);
      const told: TrainEvent[] = [];
      for await (const event of run) {
        told.push(event);
        if (event.type === 'recovered') expect(event).toMatchObject({ repeatedSteps: 0, state: { global_step } });
        // The run was paused before the loss, and is paused again after it.
        if (event.type === 'paused' && recoveries(told).length === 1) break;
      }
      expect(run.state.global_step).toBe(global_step);
      await run.resume();
      await run;
      expect(await weightsOf(model)).toEqual(straight.weights);
    });
  });

  test('ends at once if it was stopped', async () => {
    await within({ store: 'auto' }, async (opened) => {
      const { trainer } = await begin(opened, { max_steps: 500 });
      const run = trainer.train();
      await losing(opened, run, (event) => {
        if (event.type === 'log' && event.logs.step === 5) void run.stop();
        return event.type === 'log' && event.logs.step === 5;
      });
      const { global_step } = await run;
      expect(global_step).toBeLessThan(20);
    });
  });

  test.each(['steps', 'no'] as const)('has the steps that are stored if it is stopped: save_strategy %s', (strategy) =>
    within({ store: 'auto' }, async (opened) => {
      const { trainer } = await begin(opened, { save_strategy: strategy, max_steps: 500 });
      const run = trainer.train();
      opened.session.addEventListener('statechange', () => {
        if (opened.session.state === 'recovering') void run.stop({ save: false });
      });
      const wanted = strategy === 'steps' ? 'save' : 'log';
      let losses = 0;
      await losing(opened, run, ({ type }) => type === wanted && losses++ === 0);
      const { global_step } = await run;
      const [recovered] = recoveries(await toArray(run));
      expect(recovered?.state.global_step).toBe(global_step);
      expect(run.state.global_step).toBe(global_step);
      expect(run.state.log_history).toHaveLength(global_step);
      expect(global_step % 4).toBe(0);
      expect(global_step > 0).toBe(strategy === 'steps');
    }),
  );

  test("recovers as often as it advances, and three times if it doesn't", async () => {
    await within({}, async (opened) => {
      const { trainer } = await begin(opened, { save_steps: 1 });
      const run = trainer.train();
      await losing(opened, run, at(2, 4, 6, 8, 10));
      expect((await run).global_step).toBe(12);
      expect(recoveries(await toArray(run))).toHaveLength(5);
    });
    await within({}, async (opened) => {
      const { model, trainer } = await begin(opened);
      const run = trainer.train();
      let losses = 0;
      await losing(opened, run, (event) => {
        const loses = event.type === 'recovered' || (event.type === 'log' && losses === 0);
        if (loses) losses += 1;
        return loses;
      }).catch(() => {});
      await expect(Promise.resolve(run)).rejects.toMatchObject(lost);
      expect(losses).toBe(4);
      await expect(model.memory()).rejects.toMatchObject(lost);
      await expectToTrain(await loadTinyVera(opened));
    });
  });

  test.each(['createComputePipelineAsync', 'popErrorScope'] as const)('recovers during %s', async (method) => {
    await within({}, async (opened) => {
      const { model, trainer } = await begin(opened);
      opened.loseDuring(method, 'the driver crashed');
      expect((await trainer.train()).global_step).toBe(12);
      await expectToTrain(model);
    });
  });

  test('recovers while its data are read, and reads the rest', async () => {
    await within({}, async (opened) => {
      const { model } = await begin(opened);
      async function* late() {
        yield* resumedRows.slice(0, 3);
        lose(opened);
        await new Promise((resolve) => setTimeout(resolve, 20));
        yield* resumedRows.slice(3);
      }
      const { global_step } = await new Trainer({ model, train_dataset: late(), args: { max_steps: 3 } }).train();
      expect(global_step).toBe(3);
    });
  });

  test('can be aborted', async () => {
    await within({}, async (opened) => {
      const { trainer } = await begin(opened);
      const controller = new AbortController();
      const run = trainer.train({ signal: controller.signal });
      opened.session.addEventListener('statechange', () => {
        if (opened.session.state === 'recovering') controller.abort(new Error('enough'));
      });
      await expect(losing(opened, run, at(2))).rejects.toThrow('enough');
    });
  });

  test('recovers together with runs of all other models on the device', async () => {
    await within({}, async (opened) => {
      const base = await loadTiny(opened);
      const models = await Promise.all(
        ['one', 'two'].map((name) => get_peft_model(base, new VeraConfig(resumedAdapter), name)),
      );
      const bytes = opened.liveBytes();
      const runs = models.map((model, i) =>
        tinyTrainer(model, {
          train_dataset: Array.from({ length: 4 }, (_, index) => tinyRow(12, index + i)),
          args: { max_steps: 6 },
        }).train(),
      );
      await losing(opened, runs[0]!, at(3));
      for (const run of runs) expect((await run).global_step).toBe(6);
      for (const model of models) await expectToTrain(model);
      expect((await base.forward({ input_ids: [[1, 2]] })).logits.dims).toEqual([1, 2, expect.any(Number)]);
      expect(bytes).toBeGreaterThan(0);
      await base.dispose();
      expect(opened.liveBytes()).toBe(0);
    });
  });

  test("over a model that was merged into another one ends, because that can't be repeated", async () => {
    await within({}, async (opened) => {
      const { model } = await begin(opened);
      const merged = await model.merge_and_unload();
      const vera = await get_peft_model(merged, new VeraConfig(resumedAdapter));
      const run = tinyTrainer(vera, { args: { max_steps: 50 } }).train();
      await losing(opened, run, at(2)).catch(() => {});
      await expect(Promise.resolve(run)).rejects.toMatchObject(lost);
    });
  });

  test('ends if its model is disposed of during the recovery', async () => {
    await within({}, async (opened) => {
      const { model, trainer } = await begin(opened);
      const run = trainer.train();
      opened.session.addEventListener('statechange', () => {
        if (opened.session.state === 'recovering') void model.dispose();
      });
      await losing(opened, run, at(2)).catch(() => {});
      await expect(Promise.resolve(run)).rejects.toMatchObject({ message: expect.stringMatching(/disposed|crashed/) });
      expect(opened.liveBytes()).toBe(0);
    });
  });
});

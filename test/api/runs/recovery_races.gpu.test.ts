import { describe, expect, test, vi } from 'vitest';
import { get_peft_model, type TrainRun, VeraConfig, type VeraModel } from '../../../src/index';
import { linkKey } from '../../../src/page/session/session';
import type { WorkerSession } from '../../../src/worker/protocol';
import { toArray } from '../../helpers/bytes/to_array';
import { eventually } from '../../helpers/eventually';
import { loadTiny } from '../../helpers/models/tiny_llama';
import { expectToTrain, tinyTrainer, weightsOf } from '../../helpers/models/tiny_training';
import { lose, recoveries } from '../../helpers/session/losing_runs';
import { oneBrowser } from '../../helpers/session/one_browser';
import { resumedAdapter, resumedArgs, resumedRows } from '../../helpers/session/resumed_run';
import { bytesOf, type TestSession, within } from '../../helpers/session/session';
import { withResolvers } from '../../helpers/with_resolvers';

oneBrowser();

async function begin(opened: TestSession, ...others: readonly string[]): Promise<VeraModel> {
  const model = await get_peft_model(await loadTiny(opened), new VeraConfig(resumedAdapter));
  for (const name of others) await model.add_adapter(name, new VeraConfig(resumedAdapter));
  return model;
}

const trainerOf = (model: VeraModel, args: object = {}, adapter_name?: string) =>
  tinyTrainer(model, {
    train_dataset: resumedRows,
    args: { ...resumedArgs, ...args },
    ...(adapter_name === undefined ? {} : { adapter_name }),
  });

async function afterLog(run: TrainRun, step: number): Promise<void> {
  for await (const event of run) if (event.type === 'log' && event.logs.step === step) return;
}

async function vectors(model: VeraModel, adapter_name: string): Promise<Uint8Array> {
  return bytesOf((await model.save_pretrained({ adapter_name }))['adapter_model.safetensors']);
}

/** Runs `body` once, just before or after the page's first request of this name. */
function onCall({ session }: TestSession, wanted: keyof WorkerSession, body: () => unknown, isAfter = false): void {
  const link = session[linkKey];
  const request = link.request.bind(link) as (name: string, ...args: unknown[]) => Promise<unknown>;
  let isDone = false;
  vi.spyOn(link, 'request').mockImplementation((async (name: string, ...args: unknown[]) => {
    const isIt = name === wanted && !isDone;
    isDone ||= isIt;
    if (isIt && !isAfter) await body();
    const result = await request(name, ...args);
    if (isIt && isAfter) await body();
    return result;
  }) as never);
}

/** Disables a model's adapters until the test calls `end`. */
async function switchOff(model: VeraModel): Promise<{ body: Promise<void>; end: () => void }> {
  const { promise, resolve } = withResolvers<void>();
  const body = model.disable_adapter(() => promise);
  await new Promise((done) => setTimeout(done));
  return { body, end: resolve };
}

describe('a run that recovers', () => {
  test('leaves no base model behind when another model over it is disposed of', async () => {
    await within({ store: 'auto' }, async (opened) => {
      const base = await loadTiny(opened);
      const [model, other] = [
        await get_peft_model(base, new VeraConfig(resumedAdapter)),
        await get_peft_model(base, new VeraConfig(resumedAdapter)),
      ];
      const run = trainerOf(model).train();
      await afterLog(run, 2);
      lose(opened);
      await run;
      await other.dispose();
      await eventually(() => expect(opened.liveBytes()).toBe(0));
    });
  });

  test('trains the same adapter, even if another one is active then', async () => {
    await within({}, async (opened) => {
      const straight = await begin(opened, 'other');
      await trainerOf(straight).train();
      const learnt = await vectors(straight, 'default');
      const model = await begin(opened, 'other');
      const before = await vectors(model, 'other');
      const run = trainerOf(model, { save_strategy: 'no' }).train();
      await afterLog(run, 3);
      await model.set_adapter('other');
      lose(opened);
      await run;
      expect(recoveries(await toArray(run))).toHaveLength(1);
      expect(model.active_adapters).toEqual(['other']);
      expect(await vectors(model, 'other')).toEqual(before);
      expect(await vectors(model, 'default')).toEqual(learnt);
    });
  });

  test("reports that it isn't paused any more if it was resumed during the recovery", async () => {
    await within({}, async (opened) => {
      const run = trainerOf(await begin(opened)).train();
      await afterLog(run, 2);
      await run.pause();
      onCall(opened, 'reviveAdapters', () => run.resume());
      lose(opened);
      await run;
      const told = (await toArray(run)).map(({ type }) => type).filter((type) => type !== 'log' && type !== 'save');
      expect(told).toEqual(['paused', 'recovered', 'resumed']);
    });
  });

  test('resumes from the named checkpoint, until it has one of its own', async () => {
    await within({ store: 'auto' }, async (opened) => {
      await trainerOf(await begin(opened)).train();
      const model = await begin(opened);
      const run = trainerOf(model, { save_steps: 12 }).train({ resume_from_checkpoint: 'checkpoint-8' });
      await afterLog(run, 9);
      lose(opened);
      await run;
      const events = await toArray(run);
      expect(recoveries(events)).toMatchObject([{ state: { global_step: 8 } }]);
      expect(recoveries(events)[0]?.repeatedSteps).toBeGreaterThan(0);
    });
  });

  test('trains while adapters are disabled, and leaves them disabled', async () => {
    await within({}, async (opened) => {
      const straight = await begin(opened);
      await trainerOf(straight).train();
      const learnt = await weightsOf(straight);
      const model = await begin(opened);
      const run = trainerOf(model, { save_strategy: 'no' }).train();
      const input = { input_ids: [[1, 2, 3]] };
      await afterLog(run, 3);
      const { logits } = await model.disable_adapter(() => model.forward(input));
      await model.disable_adapter(async () => {
        lose(opened);
        await run;
        expect((await model.forward(input)).logits.data).toEqual(logits.data);
      });
      expect((await model.forward(input)).logits.data).not.toEqual(logits.data);
      expect(await weightsOf(model)).toEqual(learnt);
    });
  });

  test('has its adapters enabled if that was requested during the recovery', async () => {
    await within({}, async (opened) => {
      const model = await begin(opened);
      const run = trainerOf(model).train();
      await afterLog(run, 2);
      const { body, end } = await switchOff(model);
      onCall(
        opened,
        'reviveAdapters',
        async () => {
          end();
          await body.catch(() => {});
        },
        true,
      );
      lose(opened);
      expect((await run).global_step).toBe(12);
      await expectToTrain(model);
    });
  });

  test('does not end with another run of its model that is aborted while both recover', async () => {
    await within({}, async (opened) => {
      const model = await begin(opened, 'other');
      const controller = new AbortController();
      const [one, other] = [
        trainerOf(model, {}, 'default').train({ signal: controller.signal }),
        trainerOf(model, {}, 'other').train(),
      ];
      await Promise.all([afterLog(one, 2), afterLog(other, 2)]);
      onCall(opened, 'loadModel', async () => {
        controller.abort(new Error('enough'));
        await expect(Promise.resolve(one)).rejects.toThrow('enough');
      });
      lose(opened);
      expect((await other).global_step).toBe(12);
      await expectToTrain(model);
    });
  });

  test('leaves nothing of a model that is disposed of while its adapters are restored', async () => {
    await within({}, async (opened) => {
      const model = await begin(opened);
      const run = trainerOf(model).train();
      await afterLog(run, 2);
      onCall(opened, 'reviveAdapters', () => model.dispose());
      lose(opened);
      await expect(Promise.resolve(run)).rejects.toBeDefined();
      await eventually(() => expect(opened.liveBytes()).toBe(0));
    });
  });

  test('recovers if the device is lost while adapters are disabled again', async () => {
    await within({}, async (opened) => {
      const model = await begin(opened);
      const run = trainerOf(model).train();
      await afterLog(run, 2);
      const { body, end } = await switchOff(model);
      onCall(opened, 'enableAdapters', async () => {
        lose(opened);
        await new Promise((resolve) => setTimeout(resolve, 50));
        end();
      });
      lose(opened);
      expect((await run).global_step).toBe(12);
      await body;
      await expectToTrain(model);
    });
  });

  test('no longer reports merged adapters', async () => {
    await within({}, async (opened) => {
      const model = await begin(opened, 'other');
      const run = trainerOf(model, { max_steps: 60 }, 'default').train();
      await afterLog(run, 2);
      await model.merge_adapter({ adapter_names: ['other'] });
      lose(opened);
      await run;
      expect(recoveries(await toArray(run))).toHaveLength(1);
      expect(model.get_model_status().merged_adapters).toEqual([]);
    });
  });
});

import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { get_peft_model, type TrainEvent, type TrainRun, VeraConfig, type VeraModel } from '../../src/index';
import { resumedAdapter, resumedArgs, resumedRows } from '../helpers/resumed_run';
import { bytesOf, type TestSession, within } from '../helpers/session';
import { loadTiny } from '../helpers/tiny_llama';
import { eventsOf, tinyTrainer, weightsOf } from '../helpers/tiny_training';

/** What one browser keeps. */
beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => void vi.unstubAllGlobals());

const lose = (opened: TestSession): void => opened.lose('the driver crashed');

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

const recoveries = (events: readonly TrainEvent[]) =>
  events.flatMap((event) => (event.type === 'recovered' ? [event] : []));

describe('a run that recovers', () => {
  test('trains what it trained, though another adapter is active by then', async () => {
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
      expect(recoveries(await eventsOf(run))).toHaveLength(1);
      expect(model.active_adapters).toEqual(['other']);
      expect(await vectors(model, 'other')).toEqual(before);
      expect(await vectors(model, 'default')).toEqual(learnt);
    });
  });

  test('goes on from the checkpoint that was named, until it has one of its own', async () => {
    await within({ store: 'auto' }, async (opened) => {
      await trainerOf(await begin(opened)).train();
      const model = await begin(opened);
      const run = trainerOf(model, { save_steps: 12 }).train({ resume_from_checkpoint: 'checkpoint-8' });
      await afterLog(run, 9);
      lose(opened);
      await run;
      const events = await eventsOf(run);
      expect(recoveries(events)).toMatchObject([{ state: { global_step: 8 } }]);
      expect(recoveries(events)[0]?.repeatedSteps).toBeGreaterThan(0);
    });
  });

  test('goes on while adapters are switched off, and leaves them so', async () => {
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
});

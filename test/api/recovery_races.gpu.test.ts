import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { get_peft_model, type TrainEvent, type TrainRun, VeraConfig, type VeraModel } from '../../src/index';
import { resumedAdapter, resumedArgs, resumedRows } from '../helpers/resumed_run';
import { type TestSession, within } from '../helpers/session';
import { loadTiny } from '../helpers/tiny_llama';
import { eventsOf, tinyTrainer } from '../helpers/tiny_training';

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

const recoveries = (events: readonly TrainEvent[]) =>
  events.flatMap((event) => (event.type === 'recovered' ? [event] : []));

describe('a run that recovers', () => {
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
});

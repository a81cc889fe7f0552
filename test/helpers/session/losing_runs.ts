import {
  type AdapterOptions,
  get_peft_model,
  type TrainEvent,
  type Trainer,
  type TrainRun,
  VeraConfig,
  type VeraConfigInit,
  type VeraModel,
} from '../../../src/index';
import { loadTiny } from '../models/tiny_llama';
import { tinyTrainer } from '../models/tiny_training';
import { resumedAdapter, resumedArgs, resumedRows } from './resumed_run';
import type { TestSession } from './session';

/** Loses the device, as if its driver had crashed. */
export const lose = (opened: TestSession): void => opened.lose('the driver crashed');

export interface LossyRun {
  readonly opened: TestSession;
  readonly model: VeraModel;
  readonly trainer: Trainer;
}

/** Creates an adapter and its trainer; `args` override `resumedArgs`. */
export async function begin(
  opened: TestSession,
  args: object = {},
  config: VeraConfigInit = {},
  options: AdapterOptions = {},
): Promise<LossyRun> {
  const fields = new VeraConfig({ ...resumedAdapter, ...config });
  const model = await get_peft_model(await loadTiny(opened), fields, 'default', options);
  const trainer = tinyTrainer(model, { train_dataset: resumedRows, args: { ...resumedArgs, ...args } });
  return { opened, model, trainer };
}

/** Loses the device at each event for which `when` is true. */
export async function losing(opened: TestSession, run: TrainRun, when: (event: TrainEvent) => boolean): Promise<void> {
  for await (const event of run) if (when(event)) lose(opened);
}

/** Returns a test of whether an event is the first log of one of these steps. */
export const at = (...steps: readonly number[]) => {
  const left = new Set(steps);
  return (event: TrainEvent): boolean => event.type === 'log' && left.delete(event.logs.step);
};

export const recoveries = (events: readonly TrainEvent[]) =>
  events.flatMap((event) => (event.type === 'recovered' ? [event] : []));

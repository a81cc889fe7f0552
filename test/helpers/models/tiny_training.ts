import { expect } from 'vitest';
import {
  type AdaptedModel,
  type AnyAdaptedModel,
  Trainer,
  type TrainerInit,
  type TrainRun,
  type VeraModel,
} from '../../../src/index';
import { bytesOf } from '../session/session';
import { tinyRow } from './tiny_llama';

/** The tiny model's default data set: three steps per epoch. */
export const tinyRows = Array.from({ length: 6 }, (_, index) => tinyRow(10 + 4 * index, index));
const tinyArgs = { per_device_train_batch_size: 2, lr_scheduler_type: 'constant', shuffle: false } as const;

export function tinyTrainer(model: AdaptedModel, init: Partial<TrainerInit> = {}): Trainer {
  return new Trainer({ model, train_dataset: tinyRows, ...init, args: { ...tinyArgs, ...init.args } });
}

/** Resolves at the first log event. */
export async function firstLog(run: TrainRun): Promise<void> {
  for await (const { type } of run) if (type === 'log') return;
}

/** Returns the bytes of the adapter's saved weights. */
export async function weightsOf(model: AnyAdaptedModel): Promise<Uint8Array> {
  return bytesOf((await model.save_pretrained())['adapter_model.safetensors']);
}

/** Trains one step, to check that the session still works. */
export async function expectToTrain(model: VeraModel): Promise<void> {
  expect((await tinyTrainer(model, { args: { max_steps: 1 } }).train()).global_step).toBe(1);
}

export function pass(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

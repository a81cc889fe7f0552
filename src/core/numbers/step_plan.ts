import type { ResolvedTrainingArguments } from '../types/training';
import { ceilDiv } from './shape';

export type StepCountArguments = Pick<
  ResolvedTrainingArguments,
  'per_device_train_batch_size' | 'gradient_accumulation_steps' | 'num_train_epochs' | 'max_steps'
>;

interface StepPlan {
  readonly stepsPerEpoch: number;
  readonly maxSteps: number;
}

/** Computes the number of optimiser steps as transformers' Trainer does: an epoch's incomplete last step counts too. */
export function planSteps(rowCount: number, args: StepCountArguments): StepPlan {
  const batches = ceilDiv(rowCount, args.per_device_train_batch_size);
  const stepsPerEpoch = Math.max(1, ceilDiv(batches, args.gradient_accumulation_steps));
  const maxSteps = args.max_steps > 0 ? args.max_steps : Math.ceil(args.num_train_epochs * stepsPerEpoch);
  return { stepsPerEpoch, maxSteps };
}

import type { ResolvedTrainingArguments } from '../../core/types/training';
import type { RunSettings } from '../../formats/run_folder';
import type { Architecture } from '../../models/architecture';
import { addedPooling } from '../../models/pooled_head';
import { warmupSteps } from '../../train/steps/schedule';
import type { BaseModel } from '../models/base_model';

interface ContinuedRun {
  readonly max_steps: number;
  /** The factor of the learning rate after halvings: 1, 1/2, 1/4, … */
  readonly halved: number;
}

/** Returns the settings with which Python continues a run. */
export function runSettings(
  { loaded: { model }, imageProcessor }: Pick<BaseModel, 'loaded' | 'imageProcessor'>,
  args: ResolvedTrainingArguments,
  { max_steps, halved }: ContinuedRun,
): RunSettings {
  const { per_device_train_batch_size, gradient_accumulation_steps, headLearningRate, shuffle, seed } = args;
  const { head, image } = model;
  const pooling = addedPooling(head);
  const { label_smoothing_factor } = args;
  return {
    task: model.task.name,
    training_arguments: {
      ...trainingArguments(args, { max_steps, halved }),
      // transformers computes the loss of a language model. The Python script computes the loss of a classifier, with the factor below.
      ...(!head.labels && label_smoothing_factor > 0 && { label_smoothing_factor }),
    },
    ...(headLearningRate !== null && { head_learning_rate: headLearningRate * halved }),
    rows_per_step: per_device_train_batch_size * gradient_accumulation_steps,
    rows_at_a_time: isOneAtATime(model) ? 1 : per_device_train_batch_size,
    shuffle,
    seed,
    ...(args.preference && { preference: args.preference }),
    ...(head.labels && {
      labels: head.labels.names,
      problem_type: head.labels.problem,
      label_smoothing_factor,
    }),
    ...(pooling && { pooling }),
    ...(image && imageProcessor && { images: { size: [image.size, image.size], ...imageProcessor.numbers } }),
  };
}

/** Whether batches must have one row: without a padding token, transformers can't find the last token of padded texts. */
function isOneAtATime({ head, text }: Architecture): boolean {
  return head.reads === 'last token' && text?.padTokenId === undefined;
}

function trainingArguments(
  args: ResolvedTrainingArguments,
  { max_steps, halved }: ContinuedRun,
): RunSettings['training_arguments'] {
  const { lr_scheduler_type, weight_decay, adam_beta1, adam_beta2, adam_epsilon, max_grad_norm } = args;
  const { logging_steps, save_strategy, save_steps } = args;
  return {
    ...{ max_steps, learning_rate: args.learning_rate * halved },
    ...{ lr_scheduler_type, warmup_steps: warmupSteps(args, max_steps), weight_decay },
    ...{ adam_beta1, adam_beta2, adam_epsilon, max_grad_norm, logging_steps, save_strategy, save_steps },
    // numpy's seeds have 32 bits.
    seed: args.seed % 2 ** 32,
    average_tokens_across_devices: true,
    ...(args.gradient_checkpointing && {
      gradient_checkpointing: true,
      gradient_checkpointing_kwargs: { use_reentrant: false },
    }),
  };
}

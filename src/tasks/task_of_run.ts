import { WebVeraError } from '../core/errors/error';
import type { ResolvedTrainingArguments } from '../core/types/training';
import type { RunTask } from './task/run_task';
import type { Task } from './task/task';

/** The task that a run of these arguments trains with: the model's own, or that of learning from preferences. Throws `invalid_argument`. */
export function taskOfRun(task: Task, { preference }: Pick<ResolvedTrainingArguments, 'preference'>): RunTask {
  if (preference === null) return task;
  const preferring = task.preferring?.(preference);
  if (preferring !== undefined) return preferring;
  throw new WebVeraError(
    'invalid_argument',
    'Preferences: expected a model from AutoModelForCausalLM, got another one',
    {
      hint: 'Classifiers learn labels: new Trainer({ model, train_dataset }).',
    },
  );
}

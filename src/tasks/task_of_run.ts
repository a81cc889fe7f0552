import { WebVeraError } from '../core/errors/error';
import type { ResolvedTrainingArguments } from '../core/types/training';
import type { Architecture } from '../models/architecture';
import type { TextTokenizer } from '../tokenizer/tokenizer';
import { taskOfPreference } from './causal_lm/preferences/preference_tasks';
import type { RunTask } from './task/run_task';
import type { Task } from './task/task';

interface TrainedModel {
  readonly task: Task;
  readonly loaded: { readonly model: Architecture };
  readonly tokenizer?: TextTokenizer | undefined;
}

/**
 * Returns the task that a run with these arguments trains: the model's own task, or one that learns from preferences. Only code for runs
 * imports this file, so only runs load the preference tasks. Throws `invalid_argument` if the model can't learn from preferences.
 */
export function taskOfRun(
  { task, loaded: { model }, tokenizer }: TrainedModel,
  { preference }: Pick<ResolvedTrainingArguments, 'preference'>,
): RunTask {
  if (preference === null) return task;
  if (model.task.generates) return taskOfPreference(preference, model, tokenizer);
  throw new WebVeraError(
    'invalid_argument',
    'Preferences: expected a model from AutoModelForCausalLM, got another one',
    {
      hint: 'Classifiers learn labels: new Trainer({ model, train_dataset }).',
    },
  );
}

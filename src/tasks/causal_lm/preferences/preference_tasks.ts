import type { PreferenceLoss } from '../../../core/preferences/preference';
import type { TextTokenizer } from '../../../tokenizer/tokenizer';
import type { RunTask } from '../../task/run_task';
import type { TaskModel } from '../../task/task_kind';
import { DpoTask } from './dpo_task';
import { KtoTask } from './kto_task';

/** Creates the task of a run that learns from preferences. */
export function taskOfPreference(
  preference: PreferenceLoss,
  model: Omit<TaskModel, 'image'>,
  tokenizer: TextTokenizer | undefined,
): RunTask {
  if (preference.kind === 'kto') return new KtoTask(preference, model, tokenizer);
  return new DpoTask(preference, model, tokenizer);
}

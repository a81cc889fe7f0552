import type { ResolvedTrainingArguments } from '../../core/types/training';

export type ScheduleArguments = Pick<
  ResolvedTrainingArguments,
  'learning_rate' | 'lr_scheduler_type' | 'warmup_steps' | 'warmup_ratio'
>;

/**
 * Returns the learning rate of one step, as transformers' `get_scheduler` does. `step` counts from 0, so with a warm-up the first step's
 * learning rate is 0.
 */
export function learningRateAt(args: ScheduleArguments, step: number, maxSteps: number): number {
  return args.learning_rate * factorAt(args, step, maxSteps);
}

/**
 * Returns `warmup_steps` if it is 1 or more. A value between 0 and 1 is a share of all steps, rounded up as in transformers. If it is 0,
 * `warmup_ratio` is the share. In a run of one step, a share gives no warm-up, because the run would learn nothing.
 */
export function warmupSteps({ warmup_steps, warmup_ratio }: ScheduleArguments, maxSteps: number): number {
  if (warmup_steps >= 1) return warmup_steps;
  return maxSteps > 1 ? Math.ceil(maxSteps * (warmup_steps || warmup_ratio)) : 0;
}

function factorAt(args: ScheduleArguments, step: number, maxSteps: number): number {
  // transformers' plain constant schedule ignores the warm-up.
  if (args.lr_scheduler_type === 'constant') return 1;
  const warmup = warmupSteps(args, maxSteps);
  if (step < warmup) return step / Math.max(1, warmup);
  const decaySteps = Math.max(1, maxSteps - warmup);
  switch (args.lr_scheduler_type) {
    case 'constant_with_warmup':
      return 1;
    case 'linear':
      return Math.max(0, (maxSteps - step) / decaySteps);
    case 'cosine':
      return Math.max(0, 0.5 * (1 + Math.cos((Math.PI * (step - warmup)) / decaySteps)));
  }
}

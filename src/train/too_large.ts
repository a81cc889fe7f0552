import { WebVeraError } from '../core/errors/error';
import type { ResolvedTrainingArguments } from '../core/types/training';
import type { BatchShape, TaskBatches } from '../tasks/task/task_batches';
import { smallerBatches } from './smaller_batches';

/** Returns the error for a run whose batches don't fit on the GPU, with the arguments to change. Returns other errors unchanged. */
export function tooLarge(
  error: unknown,
  { B, T }: BatchShape,
  args: ResolvedTrainingArguments,
  task: Pick<TaskBatches, 'fullShape'>,
): unknown {
  if (!(error instanceof WebVeraError && ['limit_exceeded', 'out_of_memory'].includes(error.code))) return error;
  const [smaller] = smallerBatches(args);
  // Images have a fixed size, which a smaller `max_length` doesn't change.
  const shortens = task.fullShape({ ...args, max_length: 2 }).T < T;
  const changes = [
    ...(smaller === undefined
      ? []
      : [
          `${Object.entries(smaller)
            .map((entry) => entry.join(': '))
            .join(' with ')}, which learns the same`,
        ]),
    ...(shortens ? [`a max_length below ${T}`] : []),
    'a smaller model',
  ];
  return new WebVeraError(error.code, `Batches of ${B} × ${T} don't fit on this GPU: ${error.message}`, {
    hint: `Use ${changes.join(', or ')}. estimate() reports what fits.`,
    detail: { ...error.detail, batch: B, tokens: T },
    cause: error,
  });
}

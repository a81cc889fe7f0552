import type { Estimate, GpuBytes } from '../../core/types/estimate';
import type { ResolvedTrainingArguments, TrainingArguments } from '../../core/types/training';
import { smallerBatches } from '../../train/smaller_batches';
import { type DeviceCapacity, isBetter, judge, type Verdict } from './verdict';

type ArgumentChange = Partial<TrainingArguments>;

/** The shortest `max_length` to suggest. */
const SHORTEST = 64;

interface SuggestOptions {
  readonly args: ResolvedTrainingArguments;
  /** The GPU memory that the run takes with these arguments. */
  readonly bytes: GpuBytes;
  readonly verdict: Verdict;
  readonly capacity: DeviceCapacity;
  /** Whether the model reads texts, so that `max_length` applies. */
  readonly isText: boolean;
  plan(args: ResolvedTrainingArguments): Promise<GpuBytes>;
}

/** Finds changes of a run's arguments that improve its verdict: plans the run with one change after the other. */
export async function suggest(run: SuggestOptions): Promise<Estimate['suggestions']> {
  const { args, bytes, verdict, capacity, isText, plan } = run;
  const { weights, adapter, optimizer } = bytes;
  const least = { total: weights + adapter + optimizer, largest_buffer: 0 };
  if (verdict.verdict === 'fits' || !isBetter(judge(least, capacity), verdict)) return [];
  const first = async (changes: Iterable<ArgumentChange>): Promise<ArgumentChange[]> => {
    for (const change of changes) {
      if (isBetter(judge(await plan({ ...args, ...change }), capacity), verdict)) return [change];
    }
    return [];
  };
  const checkpointing: ArgumentChange = args.gradient_checkpointing ? {} : { gradient_checkpointing: true };
  const alone = [
    ...(await first(smallerBatches(args))),
    ...(await first(isEmpty(checkpointing) ? [] : [checkpointing])),
  ];
  if (alone.length > 0) return alone;
  const together = smallerBatches(args).map((change) => ({ ...change, ...checkpointing }));
  const both = isEmpty(checkpointing) ? [] : await first(together);
  if (both.length > 0 || !isText) return both;
  const smallest = together.at(-1) ?? checkpointing;
  return first(shorterTexts(args).map((change) => ({ ...smallest, ...change })));
}

function shorterTexts({ max_length }: ResolvedTrainingArguments): ArgumentChange[] {
  const changes: ArgumentChange[] = [];
  for (let length = max_length / 2; length >= SHORTEST; length /= 2) changes.push({ max_length: Math.floor(length) });
  return changes;
}

function isEmpty(change: ArgumentChange): boolean {
  return Object.keys(change).length === 0;
}

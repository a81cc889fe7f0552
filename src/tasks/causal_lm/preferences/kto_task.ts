import type { Breather } from '../../../core/async/breather';
import { wrong } from '../../../core/errors/wrong';
import type { KtoPreference } from '../../../core/preferences/preference';
import type { LogMetric, SentExample } from '../../../core/types/training';
import type { Graph } from '../../../graph/graph';
import { ktoLoss } from '../../../ops/losses/kto_loss';
import type { SequenceLosses, SequencePairs } from '../../../ops/losses/pair_losses';
import type { RunTask } from '../../task/run_task';
import type { BatchArguments } from '../../task/task_batches';
import type { Measured, Metrics } from '../../task/task_metrics';
import { RowSlabs } from '../row_slabs';
import type { PairBatch } from './pair_batch';
import {
  joinedRow,
  type PairRow,
  type PairRowOptions,
  promptSequences,
  type RowParts,
  unknownReference,
} from './pair_row';
import { type PairInputs, PairTask } from './pair_task';

/** A rated text: the tokens of its prompt and completion. */
interface Rated {
  readonly input_ids: Uint32Array;
  /** The number of tokens in the prompt. */
  readonly start: number;
  readonly isGood: boolean;
  readonly weight: number;
}

/**
 * Kahneman-Tversky optimisation: compared with the base model, texts that are rated good become likelier, and other texts less likely. The
 * second sequence of a row is the row's prompt with another row's completion. These sequences serve to estimate the KL divergence between
 * the model and its base.
 */
export class KtoTask extends PairTask<Rated, KtoPreference> implements RunTask<PairRow, PairBatch, PairInputs> {
  readonly metricNames = [
    'eval_loss',
    ...['rewards/margins', 'rewards/chosen', 'rewards/rejected'],
    ...['logps/chosen', 'logps/rejected', 'kl'],
  ];
  readonly lowerIsBetter = ['eval_loss', 'rewards/rejected', 'logps/rejected', 'kl'];
  protected readonly form = '{ prompt, completion, label }, with the label true or false';

  protected async read(example: SentExample, where: string, options: PairRowOptions): Promise<Rated | undefined> {
    if (!('completion' in example && 'label' in example)) throw wrong(where, this.form, example, hintFor(example));
    const { prompt, completion, label, truncated, weight = 1 } = example;
    // The completion is also joined to another example's prompt. If that prompt is shorter, more of the completion fits.
    const most = 2 * options.maxLength;
    const read = await promptSequences({ prompt, completions: [completion] }, where, { ...options, truncated, most });
    const [ids] = read?.sequences ?? [];
    if (read === undefined || ids === undefined) return undefined;
    return { input_ids: Uint32Array.from(ids), start: read.start, isGood: label, weight };
  }

  /**
   * As in TRL, successive examples form groups of the batch size. The second sequence of an example has the completion of the example
   * before it in the group; for the first example of a group, it has the completion of the group's last example.
   */
  protected async rowsOf(examples: readonly Rated[], args: BatchArguments, breather: Breather): Promise<PairRow[]> {
    const slabs = new RowSlabs();
    const size = args.per_device_train_batch_size;
    const rows: PairRow[] = [];
    for (const [index, own] of examples.entries()) {
      await breather.breathe();
      const first = index - (index % size);
      const last = Math.min(first + size, examples.length) - 1;
      const other = examples[index === first ? last : index - 1] ?? own;
      const sequences = [own.input_ids, continued(own, other)];
      const row = slabs.store(joinedRow({ start: own.start, sequences }, this.rowLength(args)));
      rows.push({ ...row, weight: own.weight, isGood: own.isGood, reference: unknownReference() });
    }
    return rows;
  }

  /** Leaves the second sequence out of the fingerprint, because it depends on the batch size, which may change when a run resumes. */
  fingerprint(row: PairRow) {
    const { attention_mask } = row;
    const end = attention_mask.subarray(0, attention_mask.length / 2).lastIndexOf(1) + 1;
    const [ids, labels, , others] = this.columns(row);
    return [ids.subarray(0, end), labels.subarray(0, end), others];
  }

  protected given({ isGood, weight }: PairRow): [number, number, number] {
    const { desirable_weight, undesirable_weight } = this.preference;
    return [Number(isGood), 0, weight * (isGood ? desirable_weight : undesirable_weight)];
  }

  protected fieldsOf({ prompt, completions: [completion, other] }: RowParts, { isGood }: PairRow): object {
    return { prompt_ids: prompt, completion_ids: completion, KL_completion_ids: other, label: isGood };
  }

  protected compare(g: Graph, pairs: SequencePairs): SequenceLosses {
    return ktoLoss(g, pairs, this.preference);
  }

  /**
   * Returns means over the texts rated good, and over the other texts. If a step has no text of one of these groups, the group's means are
   * missing.
   */
  logs(means: ArrayLike<number>): Readonly<Partial<Record<LogMetric, number>>> {
    const [good = 0, goodReward = 0, goodLogp = 0, bad = 0, badReward = 0, badLogp = 0, kl = 0] = Array.from(means);
    const [chosen, rejected] = [goodReward / good, badReward / bad];
    return {
      ...(good > 0 && { 'rewards/chosen': chosen, 'logps/chosen': goodLogp / good }),
      ...(bad > 0 && { 'rewards/rejected': rejected, 'logps/rejected': badLogp / bad }),
      ...(good > 0 && bad > 0 && { 'rewards/margins': chosen - rejected }),
      kl,
    };
  }

  metrics({ loss, labelled, means = new Float64Array() }: Measured): Metrics {
    return { eval_loss: loss, ...this.logs(means), eval_ratings: labelled };
  }
}

/** Returns the tokens of a text's prompt, followed by another text's completion. */
function continued({ input_ids, start }: Rated, other: Rated): Uint32Array {
  const completion = other.input_ids.subarray(other.start);
  const ids = new Uint32Array(start + completion.length);
  ids.set(input_ids.subarray(0, start));
  ids.set(completion, start);
  return ids;
}

function hintFor(example: SentExample): string {
  if ('chosen' in example) return 'Pairs are learnt by new DPOTrainer({ … }).';
  return 'A rating is a continuation of a prompt with label: true where it is good, and false where it is not.';
}

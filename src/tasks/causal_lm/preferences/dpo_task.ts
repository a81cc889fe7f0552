import { wrong } from '../../../core/errors/wrong';
import type { DpoPreference } from '../../../core/preferences/preference';
import type { LogMetric, SentExample } from '../../../core/types/training';
import type { Graph } from '../../../graph/graph';
import { DPO_METRICS, dpoLoss } from '../../../ops/losses/dpo_loss';
import type { SequenceLosses, SequencePairs } from '../../../ops/losses/pair_losses';
import type { RunTask } from '../../task/run_task';
import type { Measured, Metrics } from '../../task/task_metrics';
import { RowSlabs } from '../row_slabs';
import { completionTokens, type PairBatch } from './pair_batch';
import {
  joinedRow,
  type PairRow,
  type PairRowOptions,
  promptSequences,
  type RowParts,
  unknownReference,
} from './pair_row';
import { type PairInputs, PairTask } from './pair_task';

/** Direct preference optimisation: the chosen text becomes likelier than the rejected one, compared with the base model. */
export class DpoTask extends PairTask<PairRow, DpoPreference> implements RunTask<PairRow, PairBatch, PairInputs> {
  readonly metricNames = ['eval_loss', 'rewards/margins', ...DPO_METRICS];
  readonly lowerIsBetter = ['eval_loss', 'rewards/rejected', 'logps/rejected'];
  protected readonly form = '{ prompt, chosen, rejected }';
  readonly #slabs = new RowSlabs();

  protected async read(example: SentExample, where: string, options: PairRowOptions): Promise<PairRow | undefined> {
    if (!('chosen' in example)) throw wrong(where, this.form, example, hintFor(example));
    const { prompt, chosen, rejected, truncated, weight = 1 } = example;
    const { maxLength: most } = options;
    const completions = [chosen, rejected];
    const pair = await promptSequences({ prompt, completions }, where, { ...options, truncated, most });
    if (pair === undefined) return undefined;
    return { ...this.#slabs.store(joinedRow(pair, most)), weight, isGood: true, reference: unknownReference() };
  }

  protected rowsOf(pairs: readonly PairRow[]): readonly PairRow[] {
    return pairs;
  }

  protected given(row: PairRow): [number, number, number] {
    return [...completionTokens(row), row.weight];
  }

  protected fieldsOf({ prompt, completions: [chosen, rejected] }: RowParts): object {
    return { prompt_ids: prompt, chosen_ids: chosen, rejected_ids: rejected };
  }

  protected compare(g: Graph, pairs: SequencePairs): SequenceLosses {
    return dpoLoss(g, pairs, this.preference);
  }

  logs(means: ArrayLike<number>): Readonly<Record<Exclude<LogMetric, 'kl'>, number>> {
    const [chosen = 0, rejected = 0] = Array.from(means);
    const logs = DPO_METRICS.map((name, index) => [name, means[index] ?? 0]);
    return { ...Object.fromEntries(logs), 'rewards/margins': chosen - rejected };
  }

  metrics({ loss, labelled, means = new Float64Array() }: Measured): Metrics {
    return { eval_loss: loss, ...this.logs(means), eval_pairs: labelled };
  }
}

function hintFor(example: SentExample): string {
  if ('completion' in example) return 'A text without another one beside it is learnt by new Trainer({ … }).';
  return 'A pair is two continuations of one prompt: the one that is preferred, and the other.';
}

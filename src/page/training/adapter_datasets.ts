import type { Dataset } from '../../core/types/training';
import { anyDataset } from '../data/dataset_rules';
import { checkOptions, type Rules, wrong } from '../session/options';
import { isObject } from '../session/rules';

/** The data sets of one of several adapters that train at once. */
export interface AdapterDatasets {
  readonly train_dataset: Dataset;
  /** The data set on which the adapter is evaluated. Required for each adapter if an `eval_strategy` is set. Default: none. */
  readonly eval_dataset?: Dataset;
}

const rules: Rules<AdapterDatasets> = { train_dataset: anyDataset, eval_dataset: anyDataset };

const FORM =
  "Write new Trainer({ model, args, adapters: { ada: examples, ben: examples } }), with the names of the model's adapters.";

/** Returns the data sets in a trainer's options, by adapter name. Throws `invalid_argument` for invalid options. */
export function adaptersOf(
  trainer: string,
  { adapters, ...others }: { readonly adapters?: unknown },
): Map<string, AdapterDatasets> {
  const given = isObject(adapters) ? Object.entries(adapters) : [];
  if (given.length < 2)
    throw wrong(`${trainer}: adapters`, 'two adapters or more with their data sets', adapters, FORM);
  for (const name of ['adapter_name', 'train_dataset', 'eval_dataset'] as const) {
    const value: unknown = (others as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) throw wrong(`${trainer}: ${name}`, 'none beside adapters', value, FORM);
  }
  return new Map(given.map(([name, datasets]) => [name, datasetsOf(`${trainer}: adapters.${name}`, datasets)]));
}

function datasetsOf(what: string, given: unknown): AdapterDatasets {
  if (anyDataset.accepts(given)) return { train_dataset: given as Dataset };
  if (!isObject(given) || !('train_dataset' in given))
    throw wrong(what, anyDataset.expected, given, anyDataset.hint?.(given));
  const { train_dataset, eval_dataset } = given as Partial<AdapterDatasets>;
  checkOptions(what, given as Partial<AdapterDatasets> as AdapterDatasets, rules);
  if (train_dataset === undefined) throw wrong(`${what}: train_dataset`, anyDataset.expected, undefined);
  return { train_dataset, ...(eval_dataset !== undefined && { eval_dataset }) };
}

/** Returns the name of the first missing `eval_dataset`, for an error message; undefined if all adapters have one. */
export function unmeasuredIn(adapters: ReadonlyMap<string, AdapterDatasets>): string | undefined {
  const found = [...adapters].find(([, { eval_dataset }]) => eval_dataset === undefined);
  return found && `adapters.${found[0]}.eval_dataset`;
}

import { WebVeraError } from '../core/errors/error';
import { Fields, isJsonObject, type JsonObject } from '../core/input/fields';
import type { LabelOptions, PretrainedConfig, ProblemType } from '../core/types/model';
import { unsupported } from './config_fields';

/** The maximum number of labels: more than any published classifier has, and few enough to read their logits after every batch. */
const MAX_LABELS = 2 ** 16;
/** The maximum length of a label's name in characters. */
const MAX_NAME = 256;

const MULTI_LABEL = 'multi_label_classification';

/** The outputs of a classifier. */
export interface Labels {
  /** The name of each output. */
  readonly names: readonly string[];
  /** The kind of problem: one of several classes, any number of labels at once, or a number for each label. */
  readonly problem: ProblemType;
}

/**
 * Parses the labels of a config.json: those in `id2label`, or as many as `num_labels` (2 by default) with transformers' names. Without a
 * `problem_type`, a single label is a number to be predicted, and several labels are classes, as in transformers. Throws `invalid_format`
 * for labels that aren't numbered from 0, `unsupported_model` for another type of problem and for a single class.
 */
export function parseLabels(json: JsonObject): Labels {
  const fields = new Fields(json, 'config.json');
  const names = namesOf(fields);
  const problems: readonly ProblemType[] =
    names.length === 1 ? ['regression', MULTI_LABEL] : ['single_label_classification', 'regression', MULTI_LABEL];
  const given = fields.optionalString('problem_type') ?? problems[0];
  const problem = problems.find((type) => type === given);
  if (problem === undefined) throw unsupported('problem_type', String(given), problems);
  return { names, problem };
}

/** Returns the number of values in an example's target: one for a class, or one for each label. */
export function targetsPerRow({ names, problem }: Labels): number {
  return problem === 'single_label_classification' ? 1 : names.length;
}

/** Whether an example has a list of labels: any number of classes, or several numbers. */
export function areSeveral({ names, problem }: Labels): boolean {
  return problem === MULTI_LABEL || (problem === 'regression' && names.length > 1);
}

function namesOf(fields: Fields): readonly string[] {
  const given = fields.get('id2label') ?? undefined;
  const count = fields.positiveInteger('num_labels', {
    fallback: isJsonObject(given) ? Object.keys(given).length : 2,
    max: MAX_LABELS,
  });
  if (given === undefined) return Array.from({ length: count }, (_, label) => `LABEL_${label}`);
  const names = isJsonObject(given) ? Array.from({ length: count }, (_, label) => given[String(label)]) : [];
  if (isJsonObject(given) && Object.keys(given).length === count && names.every(isName)) return names;
  throw fields.invalid('id2label', `the names of ${count} labels, numbered from 0, of at most ${MAX_NAME} characters`);
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= MAX_NAME;
}

/** Returns a config.json with other labels; unchanged if `options` has none. */
export function withLabels(config: PretrainedConfig, options: LabelOptions = {}): PretrainedConfig {
  const { num_labels = Object.keys(options.id2label ?? {}).length, problem_type } = options;
  if (num_labels === 0) return problem_type === undefined ? config : { ...config, problem_type };
  const { num_labels: count, id2label: own, label2id: _ids, problem_type: ownProblem, ...rest } = config;
  const isOwn = options.id2label === undefined && isJsonObject(own) && Object.keys(own).length === num_labels;
  const ownCount = isJsonObject(own) ? Object.keys(own).length : (count ?? 2);
  // With another number of labels, the config's own `problem_type` may not fit any more, so it is dropped. Only multi-label classification
  // is preserved.
  const problem = problem_type ?? (ownCount === num_labels || ownProblem === MULTI_LABEL ? ownProblem : undefined);
  const given: Readonly<Record<string, unknown>> = isOwn ? own : (options.id2label ?? {});
  const names = Array.from({ length: num_labels }, (_, label) => String(given[label] ?? `LABEL_${label}`));
  return {
    ...rest,
    ...named(names),
    ...((problem ?? undefined) !== undefined && { problem_type: problem }),
  };
}

function named(names: readonly string[]): Required<Pick<PretrainedConfig, 'id2label' | 'label2id'>> {
  return {
    id2label: Object.fromEntries(names.map((name, label) => [String(label), name])),
    label2id: Object.fromEntries(names.map((name, label) => [name, label])),
  };
}

/** Returns a config.json with the names of a head's labels. transformers fills them in, too, if the file has none. */
export function withNames(config: PretrainedConfig, labels: Labels | undefined): PretrainedConfig {
  if (labels === undefined || (config.id2label ?? undefined) !== undefined) return config;
  return { ...config, ...named(labels.names) };
}

/** Whether `options` name other labels than a config.json, or the same labels in another order. */
export function areOtherLabels(config: PretrainedConfig, { id2label }: LabelOptions = {}): boolean {
  if (id2label === undefined) return false;
  const own = withLabels(config, { num_labels: Object.keys(id2label).length });
  return JSON.stringify(own.id2label) !== JSON.stringify(id2label);
}

/** Returns the labels of a head. Throws `unsupported_model` for a head without labels. */
export function expectLabels(labels: Labels | undefined): Labels {
  if (labels !== undefined) return labels;
  throw new WebVeraError('unsupported_model', 'Expected a model with labels, got one without');
}

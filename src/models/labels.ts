import { WebVeraError } from '../core/error';
import { Fields, isJsonObject, type JsonObject } from '../core/fields';
import type { LabelOptions, PretrainedConfig } from '../core/model';
import { unsupported } from './config_fields';

/** More than any published classifier, and few enough for their logits to be read after every batch. */
const MAX_LABELS = 2 ** 16;
/** Characters of a label's name. */
const MAX_NAME = 256;

/** What a classifier tells of an input. */
export interface Labels {
  /** By class. */
  readonly names: readonly string[];
  /** One class of several, or one number. */
  readonly problem: 'single_label_classification' | 'regression';
}

/**
 * The labels that a config.json names: by `id2label`, or as many as `num_labels` (2 by default) under transformers' names. A single
 * label is a number to be predicted, as in transformers. Throws `invalid_format` for labels that aren't numbered from 0,
 * `unsupported_model` for several labels at once and several numbers.
 */
export function parseLabels(json: JsonObject): Labels {
  const fields = new Fields(json, 'config.json');
  const names = namesOf(fields);
  const problem = fields.optionalString('problem_type') ?? null;
  const expected = names.length === 1 ? 'regression' : 'single_label_classification';
  if (problem !== null && problem !== expected) throw unsupported('problem_type', problem, [expected]);
  return { names, problem: expected };
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

/** The config.json of a model with other labels; as it is where none are given. */
export function withLabels(config: PretrainedConfig, options: LabelOptions = {}): PretrainedConfig {
  const { num_labels = Object.keys(options.id2label ?? {}).length } = options;
  if (num_labels === 0) return config;
  const { num_labels: _count, id2label: own, label2id: _ids, problem_type: _problem, ...rest } = config;
  const isOwn = options.id2label === undefined && isJsonObject(own) && Object.keys(own).length === num_labels;
  const given: Readonly<Record<string, unknown>> = isOwn ? own : (options.id2label ?? {});
  const names = Array.from({ length: num_labels }, (_, label) => String(given[label] ?? `LABEL_${label}`));
  return {
    ...rest,
    id2label: Object.fromEntries(names.map((name, label) => [String(label), name])),
    label2id: Object.fromEntries(names.map((name, label) => [name, label])),
  };
}

/** The labels of a head. Throws `unsupported_model` for one without. */
export function expectLabels(labels: Labels | undefined): Labels {
  if (labels !== undefined) return labels;
  throw new WebVeraError('unsupported_model', 'Expected a model with labels, got one without');
}

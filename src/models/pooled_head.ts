import { isJsonObject, type JsonObject } from '../core/input/fields';
import { type DenseLayer, type HeadPooling, POOLING_MODES, WIDEST } from '../core/pooling/pooling';
import type { Head, MakeHead, Network } from './architecture';
import { architectureName, unsupported } from './config_fields';
import { denseModules, pooledWidth } from './dense_layers';
import { linearHead } from './heads';

/** The Python class that computes a head on a pooled vector, in exported runs and models. */
export const POOLED_CLASS = 'PooledForSequenceClassification';

/** The name of the Python file, without .py, that defines `POOLED_CLASS` in exported folders. */
export const POOLED_MODULE = 'pooled_classifier';

/** The maximum number of layers after a pooling: more than any published model has. */
const MOST_LAYERS = 32;

/** Creates a head on a pooled vector: the layers of `pooling.dense`, then a linear layer with a bias. transformers has no such class. */
export function pooledHead(
  { hiddenSize, initialStd: std }: Pick<Network, 'hiddenSize' | 'initialStd'>,
  pooling: HeadPooling,
): MakeHead {
  const C = pooledWidth({ hiddenSize }, pooling);
  const make = linearHead({ className: POOLED_CLASS, C, name: 'classifier', bias: true, reads: 'pooled tokens', std });
  if (pooling.dense === undefined) return (labels) => ({ ...make(labels), pooling });
  const { modules, weights } = denseModules(pooling.dense);
  return (labels) => {
    const made = make(labels);
    return { ...made, pooling, modules: [...modules, ...made.modules], weights: [...weights, ...made.weights] };
  };
}

/** Returns the pooling of a head that `pooledHead` created; undefined for other heads, even if they have a pooling. */
export function addedPooling({ className, pooling }: Pick<Head, 'className' | 'pooling'>): HeadPooling | undefined {
  return className === POOLED_CLASS ? pooling : undefined;
}

/**
 * Returns the field `pooling` of an exported classifier's config.json; undefined for other files. Throws `unsupported_model` for a pooling
 * that isn't supported.
 */
export function configuredPooling(config: JsonObject): HeadPooling | undefined {
  const given = Object.hasOwn(config, 'pooling') ? config.pooling : undefined;
  if (architectureName(config) !== POOLED_CLASS || given === undefined) return undefined;
  const pooling = poolingOf(given);
  if (pooling !== undefined) return pooling;
  throw unsupported('pooling', JSON.stringify(given), POOLING_MODES);
}

/** Parses a pooling from a file's JSON; returns undefined if the value isn't a supported pooling. */
export function poolingOf(given: unknown): HeadPooling | undefined {
  if (!isJsonObject(given) || !Array.isArray(given.modes) || typeof given.normalize !== 'boolean') return undefined;
  const modes = POOLING_MODES.filter((mode) => (given.modes as unknown[]).includes(mode));
  const ordered = (given.modes as unknown[]).flatMap((name) => modes.filter((mode) => mode === name));
  const isKnown = ordered.length === given.modes.length && ordered.length > 0 && ordered.length <= POOLING_MODES.length;
  const { prompt = '', do_lower_case = false, max_seq_length, normalize } = given;
  const dense = denseOf(given.dense ?? []);
  const hasLength = Number.isSafeInteger(max_seq_length) && Number(max_seq_length) > 0;
  if (!isKnown || typeof prompt !== 'string' || typeof do_lower_case !== 'boolean') return undefined;
  if (dense === undefined) return undefined;
  if (max_seq_length !== undefined && !hasLength) return undefined;
  return {
    modes: ordered,
    ...(dense.length > 0 && { dense }),
    normalize,
    ...(prompt !== '' && { prompt }),
    ...(do_lower_case && { do_lower_case }),
    ...(hasLength && { max_seq_length: Number(max_seq_length) }),
  };
}

/** Parses the layers after a pooling; returns undefined if the value isn't a list of supported layers whose sizes fit together. */
function denseOf(given: unknown): readonly DenseLayer[] | undefined {
  if (!Array.isArray(given) || given.length > MOST_LAYERS || !given.every(isDense)) return undefined;
  const fits = given.every(({ in_features }, index) => index === 0 || in_features === given[index - 1]?.out_features);
  return fits ? given : undefined;
}

function isDense(given: unknown): given is DenseLayer {
  if (!isJsonObject(given)) return false;
  const isSize = (size: unknown): boolean => Number.isSafeInteger(size) && Number(size) > 0 && Number(size) <= WIDEST;
  const { path, in_features, out_features, bias, activation } = given;
  const isNamed = typeof path === 'string' && /^[\w-][\w.-]{0,99}$/.test(path) && typeof bias === 'boolean';
  return isNamed && isSize(in_features) && isSize(out_features) && ['tanh', 'identity'].includes(String(activation));
}

/** Whether heads with these poolings read the same vector of each text, if no text is longer than both poolings allow. */
export function samePooling(a: HeadPooling | undefined, b: HeadPooling | undefined): boolean {
  const isSame = a?.normalize === b?.normalize && a?.modes.join() === b?.modes.join() && layersKey(a) === layersKey(b);
  return isSame && a?.prompt === b?.prompt && a?.do_lower_case === b?.do_lower_case;
}

function layersKey({ dense = [] }: Partial<HeadPooling> = {}): string {
  return JSON.stringify(dense.map((each) => [each.in_features, each.out_features, each.bias, each.activation]));
}

/** Whether config.json names a classifier class of transformers, so that its weight files contain the head. */
export function hasOwnClassifier(config: JsonObject): boolean {
  const name = architectureName(config);
  return name.endsWith('ForSequenceClassification') && name !== POOLED_CLASS;
}

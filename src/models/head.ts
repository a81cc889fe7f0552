import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { softcap } from '../ops/softcap';
import type { Architecture } from './architecture';
import type { Layers } from './layers';

/** Logits (N, V) of hidden states (N, C). */
export function logitsOf(
  g: Graph,
  layers: Layers,
  { head, logitSoftcap }: Pick<Architecture, 'head' | 'logitSoftcap'>,
  hidden: Value,
): Value {
  const logits = layers.linear(head, hidden);
  return logitSoftcap === undefined ? logits : softcap(g, logits, logitSoftcap);
}

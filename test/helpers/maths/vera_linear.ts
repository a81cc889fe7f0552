import type { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import type { LinearLayer } from '../../../src/ops/products/linear';
import type { LowRank } from '../../../src/ops/vera/low_rank';
import { veraLinears } from '../../../src/ops/vera/vera';

/** The operands of a linear layer with a VeRA adapter. */
export interface VeraLinear extends LinearLayer, LowRank {
  /** The layer's input, of shape (…, in_features). */
  readonly x: Value;
}

/** Builds one adapted layer with `veraLinears`. */
export function veraLinear(g: Graph, { x, weight, bias, residual, ...low }: VeraLinear): Value {
  const [y] = veraLinears(g, x, [{ weight, bias, residual, low }]);
  return y as Value;
}

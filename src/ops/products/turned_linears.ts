import { roundUp } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Step } from '../../graph/step';
import { byteLength, transient, type Value } from '../../graph/value';
import { ALWAYS_BOUND, emitFollower } from './follower';
import { joinAll, threeSizes } from './parts';

interface QueriesAndKeys {
  /** (N, heads·D) */
  readonly q: Value;
  /** (N, heads·D) */
  readonly k: Value;
}

interface Heads extends QueriesAndKeys {
  /** A multiple of 8. */
  readonly D: number;
}

/**
 * q and k, with each head turned by its token's row of `turns` (N, D), if one step has made both as products of one input, and no step has
 * read them. A step that also turns them then replaces that step. Undefined otherwise, or if not every device can bind the step's results
 * together. Has no gradient.
 */
export function emitTurnedLinears(g: Graph, { q, k, D }: Heads, turns: () => Value): QueriesAndKeys | undefined {
  const made = g.takeBackMaker(q, (step) => step.values.y0 === q && step.values.y1 === k && isFit(step, D));
  const kernel = made?.kernel.turned;
  if (made === undefined || kernel === undefined) return undefined;
  const turned = { q: transient('turned.q', q.shape), k: transient('turned.k', k.shape) };
  const y = joinAll(g, [turned.q, turned.k, ...thirdOf(made)]);
  const [, at_y1, at_y2] = threeSizes(y.parts.map(({ offset }) => offset));
  emitFollower(g, kernel, made, { values: { turns: turns() }, params: { D, at_y1, at_y2 } }, { y });
  return turned;
}

/**
 * Whether the step's product can turn its results in heads of D, and every device can bind the results together, with room between them.
 */
function isFit(step: Step, D: number): boolean {
  const { kernel, values, params } = step;
  const results = [values.y0, values.y1, ...thirdOf(step)];
  const bytes = results.reduce((sum, value) => sum + (value === undefined ? 0 : roundUp(byteLength(value), 256)), 0);
  const widths = [params.M0 ?? 0, params.M1 ?? 0, params.M2 ?? 0];
  return kernel.turned !== undefined && bytes <= ALWAYS_BOUND && widths.every((width) => width % D === 0);
}

/** The result of a step's third product, if there is one. */
function thirdOf({ values: { y2 }, params: { M2 = 0 } }: Step): Value[] {
  return y2 === undefined || M2 === 0 ? [] : [y2];
}

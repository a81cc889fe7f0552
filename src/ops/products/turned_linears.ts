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
  /** The number of elements in a head: a multiple of 8. */
  readonly D: number;
}

/**
 * Computes q and k with each head rotated by its token's row of `turns` (N, D), if one step has computed both as matrix products of one
 * input and no step has read them. That step is then replaced by one that also rotates. Returns undefined otherwise, or if the step's
 * results together exceed the size that every device can bind. Has no gradient.
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
 * Whether the step's kernel can also rotate its results in heads of D elements, and every device can bind all results together, including
 * the padding between them.
 */
function isFit(step: Step, D: number): boolean {
  const { kernel, values, params } = step;
  const results = [values.y0, values.y1, ...thirdOf(step)];
  const bytes = results.reduce((sum, value) => sum + (value === undefined ? 0 : roundUp(byteLength(value), 256)), 0);
  const widths = [params.M0 ?? 0, params.M1 ?? 0, params.M2 ?? 0];
  return kernel.turned !== undefined && bytes <= ALWAYS_BOUND && widths.every((width) => width % D === 0);
}

/** Returns a list with the result of a step's third matrix product; an empty list if there is no third product. */
function thirdOf({ values: { y2 }, params: { M2 = 0 } }: Step): Value[] {
  return y2 === undefined || M2 === 0 ? [] : [y2];
}

import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { doraScale, type Magnitude } from '../../ops/dora/dora_scale';
import { type LinearLayer, linear } from '../../ops/products/linear';

/** One adapter in a module, whose change ΔW adds, or whose rows W + ΔW have lengths that train, as in DoRA. */
export interface AdapterInModule {
  /** The layer's input, or with dropout a copy of it. */
  readonly x: Value;
  /** Whether x is a copy. */
  readonly isDropped: boolean;
  /** The trained lengths of rows. Undefined without them. */
  readonly magnitude: Magnitude | undefined;
  /** ‖W + ΔW‖₂ of each row, (out). */
  norm(): Value;
  /** y + ΔW·x: y (…, out). */
  add(y: Value): Value;
  /** ΔW·x, (…, out). */
  alone(): Value;
}

/** The rest of a layer beside its adapters. */
type Rest = Pick<LinearLayer, 'weight' | 'bias' | 'residual'>;

/** Whether the layer's product W·x can have the change of its first adapter in it. */
export function isInProduct(first: AdapterInModule | undefined): boolean {
  return first !== undefined && !(first.magnitude !== undefined && first.isDropped);
}

/** The bias and residual for the layer's product: none where an adapter rescales its rows, as that adds them. */
export function besideProduct(parts: readonly AdapterInModule[], { bias, residual }: Rest): Omit<Rest, 'weight'> {
  return parts.some(rescales) ? {} : { bias, residual };
}

/**
 * The layer's result, from its product with the first adapter's change if `isInProduct` and with what is `besideProduct`. Each adapter in
 * turn takes the sum y before it, without the bias, and makes y + ΔW·x of it, or c ⊙ (y + ΔW·x) with c = m / ‖W + ΔW‖. As the product of a
 * dropped input isn't in y, it is y + (c − 1) ⊙ W·x + c ⊙ ΔW·x then. So does PEFT.
 */
export function inTurn(
  g: Graph,
  product: Value,
  parts: readonly AdapterInModule[],
  { weight, bias, residual }: Rest,
): Value {
  const last = parts.findLastIndex(rescales);
  return parts.reduce((y, part, at) => {
    const { magnitude, isDropped } = part;
    const sum = (): Value => (at === 0 ? y : part.add(y));
    if (magnitude === undefined) return sum();
    const rows = { magnitude, norm: part.norm() };
    if (!isDropped) return doraScale(g, sum(), at === last ? { ...rows, bias, residual } : rows);
    const withBase = doraScale(g, linear(g, part.x, weight), { ...rows, less: 1, residual: y });
    return doraScale(g, part.alone(), { ...rows, residual: withBase });
  }, product);
}

function rescales({ magnitude, isDropped }: AdapterInModule): boolean {
  return magnitude !== undefined && !isDropped;
}

import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { doraScale, type Magnitude, type Rescaling } from '../../ops/dora/dora_scale';
import { type LinearLayer, linear } from '../../ops/products/linear';

/** The lengths of a weight's rows: a value of their own, or a part of a value with the lengths of several weights. */
export type RowLengths = Pick<Rescaling, 'norm' | 'norm_at'>;

/** One adapter in a module. It adds ΔW to W, and with DoRA the lengths of the rows of W + ΔW train as well. */
export interface AdapterInModule {
  /** The layer's input, or with dropout a copy of it. */
  readonly x: Value;
  /** Whether x is a copy. */
  readonly isDropped: boolean;
  /** The trained lengths of the rows of W + ΔW; undefined for an adapter without DoRA. */
  readonly magnitude: Magnitude | undefined;
  /** ‖W + ΔW‖₂ of each row. */
  norm(): RowLengths;
  /** y + ΔW·x: y (…, out). */
  add(y: Value): Value;
  /** ΔW·x, (…, out). */
  alone(): Value;
}

/** The rest of a layer beside its adapters. */
type Rest = Pick<LinearLayer, 'weight' | 'bias' | 'residual'>;

/** Whether the kernel of the layer's product W·x can add the change of the first adapter. */
export function isInProduct(first: AdapterInModule | undefined): boolean {
  return first !== undefined && !(first.magnitude !== undefined && first.isDropped);
}

/** The bias and residual for the layer's product. Both are left out if an adapter rescales the rows, because they are added later. */
export function besideProduct(parts: readonly AdapterInModule[], { bias, residual }: Rest): Omit<Rest, 'weight'> {
  return parts.some(rescales) ? {} : { bias, residual };
}

/**
 * The layer's result, as in PEFT. `product` includes the first adapter's change if `isInProduct`, and the operands of `besideProduct`. Each
 * adapter in turn replaces the sum y by y + ΔW·x, or with DoRA by c ⊙ (y + ΔW·x), c = m / ‖W + ΔW‖. With dropout, y lacks the product of
 * the dropped input x, and the new sum is y + (c − 1) ⊙ W·x + c ⊙ ΔW·x.
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
    const rows = { magnitude, ...part.norm() };
    if (!isDropped) return doraScale(g, sum(), at === last ? { ...rows, bias, residual } : rows);
    const withBase = doraScale(g, linear(g, part.x, weight), { ...rows, less: 1, residual: y });
    return doraScale(g, part.alone(), { ...rows, residual: withBase });
  }, product);
}

function rescales({ magnitude, isDropped }: AdapterInModule): boolean {
  return magnitude !== undefined && !isDropped;
}

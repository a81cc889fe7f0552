import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { doraScale, type Rescaling } from '../../ops/dora/dora_scale';
import { type LinearLayer, linear } from '../../ops/products/linear';
import type { PoolVector } from '../../ops/rows/pool_vector';

/**
 * The norms of a weight's rows: elements of the value `norm`, from `norm_at` on. That value may also hold the row norms of other weights.
 */
export type RowLengths = Pick<Rescaling, 'norm' | 'norm_at'>;

/** One adapter's change to one module: it adds ΔW to W. With DoRA, the norms of the rows of W + ΔW are trained parameters, too. */
export interface AdapterInModule {
  /** The layer's input, or with dropout a copy in which elements are dropped. */
  readonly x: Value;
  /** Whether x is a copy in which elements are dropped. */
  readonly isDropped: boolean;
  /** The trained norms of the rows of W + ΔW; undefined for an adapter without DoRA. */
  readonly magnitude: PoolVector | undefined;
  /** Returns the norm ‖W + ΔW‖₂ of each row. */
  norm(): RowLengths;
  /** Returns y + ΔW·x, for y of shape (…, out). */
  add(y: Value): Value;
  /** Returns ΔW·x of shape (…, out). */
  alone(): Value;
}

/** The operands of a linear layer of the base model. */
type Rest = Pick<LinearLayer, 'weight' | 'bias' | 'residual'>;

/** Whether the kernel that computes W·x can also add ΔW·x of the first adapter. It can't with both DoRA and dropout. */
export function isInProduct(first: AdapterInModule | undefined): boolean {
  return first !== undefined && !(first.magnitude !== undefined && first.isDropped);
}

/**
 * Returns the bias and the residual that the kernel of W·x also adds. If an adapter rescales the sum (DoRA without dropout), both are left
 * out, because `inTurn` adds them after the rescaling.
 */
export function besideProduct(parts: readonly AdapterInModule[], { bias, residual }: Rest): Omit<Rest, 'weight'> {
  return parts.some(rescales) ? {} : { bias, residual };
}

/**
 * Computes the layer's output as PEFT does. `product` is W·x with the operands of `besideProduct` and, if `isInProduct`, with ΔW·x of the
 * first adapter. Each adapter in turn replaces the sum y by y + ΔW·x, or with DoRA by c ⊙ (y + ΔW·x), where c = m / ‖W + ΔW‖. With DoRA and
 * dropout, y comes from the input before dropout and x is the input after it, so the new sum is y + (c − 1) ⊙ W·x + c ⊙ ΔW·x.
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

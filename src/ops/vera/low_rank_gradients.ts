import { rowsAndColumns } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { emitLinear, withGradients } from '../products/linear';
import { rightStorage } from '../products/operand_storage';
import { inParts } from '../products/parts';
import { defineProduct } from '../products/product';
import { addPoolGradient } from './lambda_products';
import {
  type LowRank,
  layerParams,
  type MergedLowRank,
  mayShare,
  type Together,
  threeLayers,
  together,
} from './low_rank';
import { emitWithNorm } from './rms_norm_up_backward';

export const veraUpBackward = defineProduct({
  name: 'vera_up_backward',
  bindings: { dy: 'read', B: 'read', lambda: 'read', sum: 'read', du: 'write' },
  params: { ...layerParams, has_sum: 'u32' },
  left: 'rows',
  parts: 'in_turn',
  leftBase: true,
  right: 'own',
  // Registers for λ_d of four columns, and for a layer's own sizes.
  held: 8,
  f16: true,
  size: ({ N, R, M0, M1, M2 }) => [N, R, M0 + M1 + M2],
});

/** A low-rank branch, and the layer's result to which it is added. */
interface Branch extends LowRank {
  readonly y: Value;
  /** Whether ΔW is merged into the layer's weight: then u gets no gradient from this branch. */
  readonly isMerged?: boolean;
}

/**
 * Declares the gradients of the low-rank branches λ_b ⊙ (B·(λ_d ⊙ u)) with respect to u and the pool. Each branch is added to its layer's
 * result y. Layers with the same u, B and pool share dispatches.
 */
export function differentiateLowRank(g: Graph, layers: readonly Branch[]): void {
  const isUsed = ({ u, lambda, isMerged = false }: Branch): boolean => (!isMerged && g.trains(u)) || g.trains(lambda);
  // Merged layers come last, so that the gradients of the others lie side by side.
  const trained = layers.filter(isUsed).toSorted((a, b) => Number(a.isMerged ?? false) - Number(b.isMerged ?? false));
  const ys = trained.map(({ y }) => y);
  const wrt = trained.flatMap(({ u, lambda }) => [u, lambda]);
  g.differentiateAll(ys, wrt, (dys, sums) => {
    for (const layers of inParts(withGradients(trained, dys), mayShare)) {
      for (const part of together(g, layers)) {
        const { u, lambda } = part;
        const beside = unmerged(part);
        if (beside.layers.length > 0) sums.put(u, emitUpBackward(g, beside, sums.sink(u)));
        sums.put(lambda, addPoolGradient(g, part, sums.sink(lambda)));
      }
    }
  });
}

/** Returns the group without its last layers, whose adapter is merged into their weights. They don't use u, so they add no gradient to it. */
function unmerged(part: Together): Together {
  return { ...part, layers: part.layers.filter(({ isMerged = false }) => !isMerged) };
}

/**
 * Declares the gradients of merged layers with the input x, with respect to the pool only: x gets its gradient through the merged weights.
 * u is computed in the backward pass, once for all layers that share A.
 */
export function differentiateMerged(
  g: Graph,
  x: Value,
  layers: readonly (MergedLowRank & { readonly y: Value })[],
): void {
  const trained = layers.filter(({ lambda }) => g.trains(lambda));
  const ys = trained.map(({ y }) => y);
  const wrt = trained.map(({ lambda }) => lambda);
  g.differentiateAll(ys, wrt, (dys, sums) => {
    const made = new Map<Value, Value>();
    const withU = withGradients(trained, dys).map((layer) => {
      const u = made.get(layer.A) ?? emitLinear(g, x, layer.A);
      made.set(layer.A, u);
      return { ...layer, u };
    });
    for (const group of inParts(withU, mayShare)) {
      for (const part of together(g, group)) {
        sums.put(part.lambda, addPoolGradient(g, part, sums.sink(part.lambda)));
      }
    }
  });
}

/** Emits the gradient of u: the sum over the layers, plus the gradient from other uses of u. */
function emitUpBackward(g: Graph, part: Together, { wanted, sum }: Sink): Value | undefined {
  if (!wanted) return undefined;
  const du = sum === undefined ? emitWithNorm(g, part) : undefined;
  if (du !== undefined) return du;
  const { u, B, lambda, dy } = part;
  const { rows: N, columns: R } = rowsAndColumns(u.shape);
  const { lines, ...sizes } = threeLayers(part, R);
  const kernel = veraUpBackward.kernel(lines, rightStorage(B));
  const params = { N, R, ...sizes, has_sum: Number(sum !== undefined) };
  return g.emit(kernel, { dy, B, lambda, sum: sum ?? dy }, { du: u.shape }, params).du;
}

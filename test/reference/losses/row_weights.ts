import type { Reference } from '../reference';

export const row_weights: Reference = ({ logits, weights, losses }, { start, count, V, has_gradient }) => {
  for (let i = 0; i < count!; i++) {
    const weight = weights![start! + i]!;
    losses![start! + i]! *= weight;
    for (let v = 0; has_gradient && v < V!; v++) logits![i * V! + v]! *= weight;
  }
};

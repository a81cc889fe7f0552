import type { Reference } from './reference';

export const class_weights: Reference = ({ logits, targets, weights, losses }, { start, count, V, has_gradient }) => {
  for (let i = 0; i < count!; i++) {
    const weight = weights![targets![start! + i]!]!;
    losses![start! + i]! *= weight;
    for (let v = 0; has_gradient && v < V!; v++) logits![i * V! + v]! *= weight;
  }
};

import type { Reference } from '../reference';

export const kto_loss: Reference = ({ logps, given, sequences, weights, losses, metrics }, { P, beta }) => {
  const ratio = (b: number): number => logps![b]! - given![5 * (b % P!) + (b < P! ? 0 : 1)]!;
  let sum = 0;
  for (let j = 0; j < P!; j++) sum += ratio(P! + j);
  const kl = Math.max(0, sum / P!);
  for (let i = 0; i < P!; i++) {
    const good = given![5 * i + 2]!;
    const weight = given![5 * i + 4]!;
    const sign = good ? 1 : -1;
    const sigmoid = 1 / (1 + Math.exp(-sign * beta! * (ratio(i) - kl)));
    losses![i] = weight * (1 - sigmoid);
    weights!.fill(weight * sign * beta! * sigmoid * (1 - sigmoid), sequences![2 * i], sequences![2 * i + 1]);
    const own = [1, beta! * ratio(i), logps![i]!];
    metrics!.set([...own.map((one) => good * one), ...own.map((one) => (1 - good) * one), kl], 7 * i);
  }
};

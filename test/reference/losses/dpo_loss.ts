import type { Reference } from '../reference';

/** ln σ(x), without overflow. */
const logSigmoid = (x: number): number => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const dpo_loss: Reference = ({ logps, given, sequences, weights, losses, metrics }, params) => {
  const { P, kind, beta, smoothing } = params;
  for (let i = 0; i < P!; i++) {
    const [ofChosen, ofRejected, chosenTokens, rejectedTokens, weight] = given!.subarray(5 * i, 5 * i + 5);
    const [logChosen, logRejected] = [logps![i]!, logps![P! + i]!];
    const [chosen, rejected] = [logChosen - ofChosen!, logRejected - ofRejected!];
    const x = beta! * (chosen - rejected);
    const [m, n] = [Math.max(1, chosenTokens!), Math.max(1, rejectedTokens!)];
    const error = chosen / m - rejected / n - 1 / (2 * beta!);
    // For each kind of loss: the value, and its derivatives with respect to both sequences' log probabilities.
    const whole = 1 - 2 * smoothing!;
    const slope = (-beta! * ((1 - smoothing!) * sigmoid(-x) + smoothing! * sigmoid(x))) / whole;
    const [value, dChosen, dRejected] = [
      [(-(1 - smoothing!) * logSigmoid(x) + smoothing! * logSigmoid(-x)) / whole, slope, -slope],
      x < 1 ? [1 - x, -beta!, beta!] : [0, 0, 0],
      [error ** 2, (2 * error) / m, (-2 * error) / n],
    ][kind!] as [number, number, number];
    losses![i] = weight! * value;
    metrics!.set([beta! * chosen, beta! * rejected, Number(chosen > rejected), logChosen, logRejected], 5 * i);
    weights!.fill(-weight! * dChosen, sequences![2 * i], sequences![2 * i + 1]);
    weights!.fill(-weight! * dRejected, sequences![2 * (P! + i)], sequences![2 * (P! + i) + 1]);
  }
};

import type { HeadFit } from '../../../core/types/prediction';
import type { TrainOutput } from '../../../core/types/training';
import type { LearnMethodKind } from './learn_method';
import { expectSolvable, outcomeOf, solveCopy } from './solved_head';

/**
 * Solves for the last layer of the copy's head. It is better unless its loss rises on the held-out examples. While none are held
 * out, a head that was solved for before is replaced by the one of all examples; other vectors are replaced unless the loss over
 * examples held out in turn is higher than theirs, because the new head fits its own examples too well to be judged by them.
 */
export const INSTANT: LearnMethodKind = {
  expectUsable: (host) => expectSolvable(host, 'instant'),
  runArguments: () => undefined,
  async improve(parts) {
    const fit = await solveCopy(parts);
    return { output: outputOf(fit), outcome: outcomeOf(fit, parts.learner) };
  },
};

function outputOf({ C, loss, accuracy, cross_validated, computed, seconds }: HeadFit): TrainOutput {
  const metrics = {
    C,
    computed,
    seconds,
    ...(accuracy !== null && { accuracy }),
    ...(cross_validated && { cross_validated_loss: cross_validated.loss }),
    ...(cross_validated?.accuracy != null && { cross_validated_accuracy: cross_validated.accuracy }),
  };
  return { global_step: 0, training_loss: loss, metrics };
}

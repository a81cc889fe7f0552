import type { LearnMethodKind } from './learn_method';
import { expectSolvable, outcomeOf, outputOf, solveCopy } from './solved_head';

/**
 * Solves for the last layer of the copy's head. It is better unless its loss rises on the held-out examples. While none are held
 * out, a head that was solved for before is replaced by the one of all examples; other vectors are replaced unless the loss over
 * examples held out in turn is higher than theirs, because the new head fits its own examples too well to be judged by them.
 */
export const INSTANT: LearnMethodKind = {
  expectUsable: (host) => expectSolvable(host, 'instant'),
  steps: () => 0,
  async improve(parts) {
    const fit = await solveCopy(parts);
    return { output: outputOf(fit), outcome: outcomeOf(fit, parts.learner) };
  },
};

import type { HeadFit } from '../../../core/types/prediction';
import type { ResolvedTrainingArguments, TrainingArguments, TrainOutput } from '../../../core/types/training';
import { pausable } from '../../training/train_run';
import { Trainer } from '../../training/trainer';
import { labelsOf, problemOf } from '../fits';
import type { ProfileHost } from '../host';
import { filesOf, vectorsOf } from '../storage/record';
import type { LearnCandidate } from '../types';
import type { LearningCopy, LearnMethodKind } from './learn_method';
import { expectSolvable, finite, outcomeOf, solveCopy } from './solved_head';

/** Steps of a run whose arguments leave them open, and the examples for each of which it takes one more. */
const STEPS = 60;
const EXAMPLES_OF_A_STEP = 20;
/** Rows of a batch, which the examples of a class are compared in. */
const BATCH = 16;
const LEAST_BATCH = 4;
/** The rate of a head that was solved for before it trains. */
const HEAD_RATE = 4e-3;

/** A head that was solved for, over vectors of that name. */
interface Solved {
  readonly name: LearnCandidate['name'];
  readonly fit: HeadFit;
}

/**
 * Solves for the head, trains the vectors that it reads, and solves for it again. The copy ends with the first head and the vectors from
 * before if the second one does worse on the held-out examples. While none are held out, the trained vectors are chosen, because neither
 * head can be judged by the examples that it was solved for.
 */
export const REFINE: LearnMethodKind = {
  expectUsable: (host) => expectSolvable(host, 'refine'),
  async improve(parts) {
    const { copy, learner, turn } = parts;
    const { host } = learner;
    const objective = objectiveFor(host);
    const instant: Solved = { name: 'instant', fit: await solveCopy(parts) };
    const untrained = await vectorsOf(await host.read(copy));
    const output = await train(parts, objective);
    const trained: Solved = { name: objective, fit: await solveCopy(parts) };
    const isBetter = judgedLoss(trained, 0) <= judgedLoss(instant, 0);
    const chosen = isBetter ? trained : instant;
    if (!isBetter) {
      await host.remove(copy);
      await host.place(copy, filesOf(untrained), { is_trainable: true });
    }
    turn.signal.throwIfAborted();
    const candidates = [instant, trained].map((solved): LearnCandidate => {
      return { name: solved.name, loss: judgedLoss(solved, finite(solved.fit.loss)), chosen: solved === chosen };
    });
    const run = { first: instant.fit, steps: output.global_step, candidates };
    return { output, outcome: outcomeOf(chosen.fit, learner, run) };
  },
};

/** Trains the vectors that the copy's head reads. */
async function train(
  { copy, learner: { host }, unfinished: { args, learnt }, turn: { run, resumes, signal } }: LearningCopy,
  objective: ResolvedTrainingArguments['objective'],
): Promise<TrainOutput> {
  const trainer = new Trainer({
    model: host.adapted,
    adapter_name: copy,
    args: refineArguments(args, learnt.length, objective),
    train_dataset: learnt,
  });
  await run.waitWhilePaused(signal);
  return run.follow(pausable(trainer.train({ resume_from_checkpoint: resumes, signal })));
}

/** The loss over held-out examples; without any, `other`. */
function judgedLoss({ fit: { held_out } }: Solved, other: number): number {
  return held_out === null ? other : finite(held_out.after.loss);
}

/** Classes are contrasted. Numbers, and several labels at once, are predicted. */
function objectiveFor({ base }: ProfileHost): ResolvedTrainingArguments['objective'] {
  const isOfClasses = problemOf(base) === null && (labelsOf(base)?.length ?? 0) > 1;
  return isOfClasses ? 'contrast' : 'labels';
}

/** The arguments of the training between both solutions. Given ones count, except those of a head that doesn't train. */
export function refineArguments(
  given: TrainingArguments,
  examples: number,
  objective: ResolvedTrainingArguments['objective'],
): TrainingArguments {
  const { headLearningRate = HEAD_RATE, label_smoothing_factor, group_by_length, ...rest } = given;
  const { per_device_train_batch_size: size = BATCH, num_train_epochs, max_steps } = given;
  const usual = num_train_epochs === undefined ? STEPS + Math.ceil(examples / EXAMPLES_OF_A_STEP) : -1;
  const args = { ...rest, max_steps: max_steps ?? usual, objective };
  if (objective === 'contrast') {
    return { ...args, per_device_train_batch_size: Math.max(LEAST_BATCH, size + (size % 2)) };
  }
  const smoothing = label_smoothing_factor === undefined ? {} : { label_smoothing_factor };
  const grouped = group_by_length === undefined ? {} : { group_by_length };
  return { ...args, ...smoothing, ...grouped, per_device_train_batch_size: size, headLearningRate };
}

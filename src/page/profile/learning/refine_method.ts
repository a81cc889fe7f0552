import type { HeadFit } from '../../../core/types/prediction';
import type { ResolvedTrainingArguments, TrainingArguments, TrainOutput } from '../../../core/types/training';
import { pausable } from '../../training/train_run';
import { Trainer } from '../../training/trainer';
import { labelsOf, problemOf } from '../fits';
import type { ProfileHost } from '../host';
import { filesOf, type Vectors, vectorsOf } from '../storage/record';
import type { LearnCandidate } from '../types';
import type { LearningCopy, LearnMethodKind } from './learn_method';
import { expectSolvable, finite, outcomeOf, solveCopy } from './solved_head';

/** Steps of a run whose arguments leave them open, and the examples for each of which it takes one more. */
const STEPS = 60;
const EXAMPLES_OF_A_STEP = 20;
/** Rows of a batch, which the examples of a class are compared in. */
const BATCH = 16;
const LEAST_BATCH = 4;
/** The rates of vectors that predict labels, and of their head: solved for, it stays as it is while they train. */
const RATE_BY_LABELS = 1e-2;
const HEAD_RATE = 0;
/** The fewest classes that are contrasted: of two, a batch compares each row with one other class alone. */
const LEAST_CLASSES = 3;

/** How far vectors are moved back between trained ones and those from before. */
const HALFWAY = 0.5;

/** Vectors with a head that was solved for over them. */
interface Solved {
  readonly name: LearnCandidate['name'];
  readonly fit: HeadFit;
  readonly vectors: Vectors;
}

/**
 * Solves for the head over the vectors from before, over trained ones, and over those halfway between them. The copy ends with those that
 * do best on the held-out examples. While none are held out, the trained vectors are chosen, because no head can be judged by the examples
 * that it was solved for.
 */
export const REFINE: LearnMethodKind = {
  expectUsable: (host) => expectSolvable(host, 'refine'),
  runArguments: (given, examples, host) => refineArguments(given, examples, objectiveFor(host)),
  async improve(parts) {
    const { copy, learner, turn } = parts;
    const { host, adapter } = learner;
    const objective = objectiveFor(host);
    const instant = await solved(parts, 'instant');
    const output = await train(parts, objective);
    const trained = await solved(parts, objective, instant.fit);
    await host.mix(copy, adapter, HALFWAY);
    const halfway = await solved(parts, 'halfway', instant.fit);
    const chosen = best(trained, halfway, instant);
    await host.remove(copy);
    await host.place(copy, filesOf(chosen.vectors), { is_trainable: true });
    turn.signal.throwIfAborted();
    const candidates = [instant, trained, halfway].map((one): LearnCandidate => {
      return { name: one.name, loss: finite((one.fit.held_out?.after ?? one.fit).loss), chosen: one === chosen };
    });
    const run = { first: instant.fit, steps: output.global_step, candidates };
    return { output, outcome: outcomeOf(chosen.fit, learner, run) };
  },
};

/** `as`: a head over vectors that weren't trained on the examples. Cross-validation over trained ones would be too sure of itself. */
async function solved(parts: LearningCopy, name: Solved['name'], as?: HeadFit): Promise<Solved> {
  const fit = await solveCopy(parts, as);
  return { name, fit, vectors: await vectorsOf(await parts.learner.host.read(parts.copy)) };
}

/** The candidate with the lowest loss over held-out examples; the first of equals, and the first while none are held out. */
function best(first: Solved, ...others: readonly Solved[]): Solved {
  const lossOf = ({ fit: { held_out } }: Solved): number => (held_out === null ? 0 : finite(held_out.after.loss));
  return others.reduce((lowest, one) => (lossOf(one) < lossOf(lowest) ? one : lowest), first);
}

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

/** Several classes are contrasted. Two classes, numbers, and several labels at once are predicted. */
function objectiveFor({ base }: ProfileHost): ResolvedTrainingArguments['objective'] {
  const classes = problemOf(base) === null ? (labelsOf(base)?.length ?? 0) : 0;
  return classes >= LEAST_CLASSES ? 'contrast' : 'labels';
}

/** The arguments of the training between both solutions. Given ones count, except those of a head that doesn't train. */
export function refineArguments(
  given: TrainingArguments,
  examples: number,
  objective: ResolvedTrainingArguments['objective'],
): TrainingArguments {
  const { per_device_train_batch_size: size = BATCH, num_train_epochs } = given;
  const usual = num_train_epochs === undefined ? STEPS + Math.ceil(examples / EXAMPLES_OF_A_STEP) : -1;
  const max_steps = given.max_steps ?? usual;
  if (objective === 'contrast') {
    const { headLearningRate, label_smoothing_factor, group_by_length, ...rest } = given;
    return { ...rest, max_steps, objective, per_device_train_batch_size: Math.max(LEAST_BATCH, size + (size % 2)) };
  }
  const { learning_rate = RATE_BY_LABELS, headLearningRate = HEAD_RATE } = given;
  return { ...given, max_steps, objective, learning_rate, headLearningRate, per_device_train_batch_size: size };
}

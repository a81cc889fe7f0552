import { planSteps } from '../../../core/numbers/step_plan';
import type { HeadFit, HeldOutFit } from '../../../core/types/prediction';
import type {
  ResolvedTrainingArguments,
  SentExample,
  TrainingArguments,
  TrainOutput,
} from '../../../core/types/training';
import { pausable } from '../../training/train_run';
import { Trainer } from '../../training/trainer';
import { resolveTrainingArguments } from '../../training/training_arguments';
import type { SplitExamples } from '../examples/examples';
import { leaveOut, type Trial } from '../examples/left_out';
import { labelsOf, problemOf } from '../fits';
import type { ProfileHost } from '../host';
import { filesOf, type Vectors, vectorsOf } from '../storage/record';
import type { LearnCandidate } from '../types';
import type { LearningCopy, LearnMethodKind } from './learn_method';
import { withoutUsualSteps } from './phases';
import { expectSolvable, finite, outcomeOf, outputOf, solveCopy } from './solved_head';

/** Without a number of steps in the arguments, training takes this many steps, plus one for each `EXAMPLES_OF_A_STEP` examples. */
const STEPS = 60;
const EXAMPLES_OF_A_STEP = 20;
/** The default number of rows in a batch, and the smallest number with the objective 'contrast', which compares the rows of a batch. */
const BATCH = 16;
const LEAST_BATCH = 4;
/**
 * Default learning rates with the objective 'labels': for the vectors, and for the solved head, which doesn't change while the vectors
 * train.
 */
const RATE_BY_LABELS = 1e-2;
const HEAD_RATE = 0;
/** The smallest number of classes for the objective 'contrast'. With two classes, each row would be compared with only one other class. */
const LEAST_CLASSES = 3;

/**
 * The smallest number of held-out examples on which candidates are compared. With fewer, candidates are compared on examples that are left
 * out of the training, if enough can be left out.
 */
const ENOUGH = 20;

/** The weight of the vectors before the run in the candidate 'halfway'; the trained vectors have the rest. */
const HALFWAY = 0.5;

/** Vectors, and the head that was solved for with these vectors. */
interface SolvedVectors {
  readonly name: LearnCandidate['name'];
  readonly fit: HeadFit;
  readonly vectors: Vectors;
}

/** Solved vectors, judged on examples that their head wasn't fitted to. */
interface JudgedVectors extends SolvedVectors {
  readonly judged: HeldOutFit;
}

/**
 * Compares three candidates, each with a head that is solved for: the vectors before the run, the trained vectors, and the mean of both.
 * The copy gets the trained vectors, unless another candidate is clearly better on held-out examples, or on examples left out of the
 * training. If there are no such examples, nothing is trained, because vectors can't be judged on the examples that they were trained on.
 */
export const REFINE: LearnMethodKind = {
  hasCheckpoints: true,
  expectUsable: (host) => expectSolvable(host, 'refine'),
  steps({ args, ...examples }, host) {
    const count = trialOf(examples, host)?.learnt.length ?? 0;
    if (count === 0) return 0;
    return planSteps(count, resolveTrainingArguments(refineArguments(args, count, objectiveFor(host)))).maxSteps;
  },
  async improve(parts) {
    const { profile, state, unfinished } = parts;
    const first = await solvedHead(parts);
    const trial = trialOf(unfinished, profile.host);
    if (trial === undefined) return { output: outputOf(first.fit), outcome: outcomeOf(first.fit, state) };
    const { output, candidates, chosen } = await compared(parts, trial, first);
    const fit = await finished(parts, chosen.name === 'instant' ? first : chosen);
    const run = { first: first.fit, steps: output.global_step, candidates, left_out: trial.places };
    return { output, outcome: outcomeOf(fit, state, run) };
  },
};

/** Loads the chosen vectors into the run's copy of the adapter, with a head that is fitted to all examples to learn from. */
async function finished(parts: LearningCopy, { name, fit, vectors }: SolvedVectors): Promise<HeadFit> {
  const { copy, profile, turn } = parts;
  await profile.host.remove(copy);
  await profile.host.place(copy, filesOf(vectors), { is_trainable: true });
  turn.signal.throwIfAborted();
  // The comparison stored no features of the examples. So the head is solved for again to store the features from the chosen vectors, even
  // if the comparison used the same examples.
  return name === 'instant' ? fit : solveCopy(parts, { as: { C: fit.C, scale: scaleOf(fit) } });
}

/**
 * Returns the examples to train on, and the examples to judge by: the held-out ones if there are enough, else examples that are left out of
 * the training, else the few held-out ones. Returns undefined if there are none to judge by.
 */
function trialOf(
  { learnt, learnt_places, held, held_places }: SplitExamples,
  { base }: ProfileHost,
): Trial | undefined {
  const isOfNumbers = problemOf(base) === 'regression' || labelsOf(base)?.length === 1;
  const isOfSets = problemOf(base) === 'multi_label_classification';
  const targets = isOfNumbers ? 'numbers' : isOfSets ? 'set' : 'label';
  const left = held.length < ENOUGH ? leaveOut(learnt, targets) : undefined;
  if (left === undefined) return held.length > 0 ? { learnt, judges: held, places: held_places } : undefined;
  const places = new Set(left.places);
  return { ...left, places: learnt_places.filter((_, index) => places.has(index)) };
}

/** Whether a trial trains on all examples to learn from. If so, the candidates are compared on held-out examples. */
function trainsOnAll({ learnt }: Trial, { unfinished }: LearningCopy): boolean {
  return learnt.length === unfinished.learnt.length;
}

interface Comparison {
  readonly output: TrainOutput;
  readonly candidates: readonly LearnCandidate[];
  readonly chosen: JudgedVectors;
}

/** Trains the run's copy of the adapter on the trial's examples, and compares the candidates on the examples in `trial.judges`. */
async function compared(parts: LearningCopy, trial: Trial, first: SolvedVectors): Promise<Comparison> {
  const { copy, profile, adapter } = parts;
  const { host } = profile;
  const objective = objectiveFor(host);
  const instant = judgedOf(trainsOnAll(trial, parts) ? first : await solvedHead(parts, trial));
  // With vectors that were trained on the same examples, cross-validation would be too optimistic. So the heads of the other candidates get
  // the C of the candidate 'instant', but not its scale of the scores, because vectors learn little through a head with a tiny scale.
  const as = { C: instant.fit.C, scale: 1 };
  if (objective === 'labels') await solveCopy(parts, { on: trial, as, keepsFeatures: false });
  const output = await train(parts, trial.learnt, objective);
  const trained = judgedOf(await solvedHead(parts, trial, { name: objective, as }));
  await host.mix(copy, adapter, HALFWAY);
  const halfway = judgedOf(await solvedHead(parts, trial, { name: 'halfway', as }));
  const chosen = best(trained, [instant, halfway]);
  const candidates = [instant, trained, halfway].map(
    (one): LearnCandidate => ({
      name: one.name,
      loss: lossOf(one),
      accuracy: one.judged.after.accuracy,
      chosen: one === chosen,
    }),
  );
  return { output, candidates, chosen };
}

interface SolvingCandidate {
  readonly name: SolvedVectors['name'];
  /**
   * The C (inverse strength of the penalty) and the scale of the scores for this candidate's head. Default: cross-validation chooses both.
   */
  readonly as?: Pick<HeadFit, 'C' | 'scale'>;
}

async function solvedHead(
  parts: LearningCopy,
  on?: Trial,
  { name, as }: SolvingCandidate = { name: 'instant' },
): Promise<SolvedVectors> {
  const fit = await solveCopy(parts, { on, as, keepsFeatures: on === undefined });
  const { profile, state, copy } = parts;
  return { name, fit, vectors: await vectorsOf(await profile.host.read(copy, state.settings)) };
}

function judgedOf(solved: SolvedVectors): JudgedVectors {
  const { held_out: judged } = solved.fit;
  if (judged === null) throw new TypeError('A head that was judged on other examples was expected');
  return { ...solved, judged };
}

/**
 * Returns the trained vectors, or the best other candidate if its loss is lower by more than the standard error of the difference. The
 * trained vectors are preferred because training usually helps, while the examples to compare on are few: with eight examples per class,
 * the better vectors often have the higher loss.
 */
function best(trained: JudgedVectors, others: readonly JudgedVectors[]): JudgedVectors {
  const lowest = others.reduce((low, one) => (lossOf(one) < lossOf(low) ? one : low));
  const margin = standardError(lowest.judged.calibrated.losses, trained.judged.calibrated.losses);
  return lossOf(trained) - lossOf(lowest) > margin ? lowest : trained;
}

/** Returns the calibrated loss on the examples in `trial.judges`, by which candidates are compared. */
function lossOf({ judged }: JudgedVectors): number {
  return finite(judged.calibrated.loss);
}

/**
 * Returns the scale of the scores that calibrates this fit on its evaluation examples. A head that is solved for again, with the same
 * vectors, uses this scale.
 */
function scaleOf({ scale, held_out }: HeadFit): number {
  return scale * (held_out?.calibrated.scale ?? 1);
}

/** Returns the standard error of the mean difference between two lists; 0 if it isn't finite. */
export function standardError(a: readonly number[], b: readonly number[]): number {
  const n = a.length;
  const differences = a.map((loss, index) => loss - (b[index] ?? Number.NaN));
  const mean = differences.reduce((sum, difference) => sum + difference, 0) / n;
  const squares = differences.reduce((sum, difference) => sum + (difference - mean) ** 2, 0);
  const error = Math.sqrt(squares / (n * (n - 1)));
  return Number.isFinite(error) ? error : 0;
}

/** Trains the vectors of the run's copy of the adapter. By default, the head doesn't change. */
async function train(
  { copy, profile: { host }, unfinished: { args }, turn: { run, resumes, signal } }: LearningCopy,
  learnt: readonly SentExample[],
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

/**
 * Returns 'contrast' for a classifier of three or more classes; 'labels' for two classes, for regression, and for several labels per
 * example.
 */
function objectiveFor({ base }: ProfileHost): ResolvedTrainingArguments['objective'] {
  const classes = problemOf(base) === null ? (labelsOf(base)?.length ?? 0) : 0;
  return classes >= LEAST_CLASSES ? 'contrast' : 'labels';
}

/**
 * Returns the arguments of the training that runs between the two solves of the head: the given arguments and defaults, without those that
 * the objective 'contrast' doesn't use.
 */
export function refineArguments(
  given: TrainingArguments,
  examples: number,
  objective: ResolvedTrainingArguments['objective'],
): TrainingArguments {
  const { per_device_train_batch_size: asked = BATCH, num_train_epochs } = given;
  // A batch can't have more rows than there are examples.
  const size = Math.max(1, Math.min(asked, examples));
  const usual = num_train_epochs === undefined ? STEPS + Math.ceil(examples / EXAMPLES_OF_A_STEP) : -1;
  const { max_steps = usual } = withoutUsualSteps(given);
  if (objective === 'contrast') {
    const { headLearningRate, label_smoothing_factor, group_by_length, ...rest } = given;
    return { ...rest, max_steps, objective, per_device_train_batch_size: Math.max(LEAST_BATCH, size + (size % 2)) };
  }
  const { learning_rate = RATE_BY_LABELS, headLearningRate = HEAD_RATE } = given;
  return { ...given, max_steps, objective, learning_rate, headLearningRate, per_device_train_batch_size: size };
}

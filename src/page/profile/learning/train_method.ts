import { WebVeraError } from '../../../core/errors/error';
import { planSteps } from '../../../core/numbers/step_plan';
import type { SentExample, TrainingArguments } from '../../../core/types/training';
import { pausable } from '../../training/train_run';
import { Trainer } from '../../training/trainer';
import { resolveTrainingArguments } from '../../training/training_arguments';
import type { Unfinished } from '../storage/record';
import type { LearnContext, LearnMethodKind, LearnTurn } from './learn_method';

const NO_ACCURACY = { cross_validated_accuracy: null, accuracy_before: null, accuracy_after: null };

/** Examples evaluated at a time; a run may pause in between. */
const PORTION = 32;

/**
 * A run whose arguments leave its length open repeats few examples until it has so many steps, in which models of docs/RESULTS.md learn
 * classes from a few dozen examples, but at most for so many epochs: from then on they forget more than they learn.
 */
const ENOUGH_STEPS = 60;
const MOST_EPOCHS = 16;

/** Trains the copy by gradient descent. It is better unless its loss rises on the held-out examples. */
export const TRAIN: LearnMethodKind = {
  expectUsable() {},
  runArguments: trainArguments,
  async improve({ learner, copy, unfinished, turn }) {
    const { host } = learner;
    const { run, resumes, signal } = turn;
    const { args: given, learnt, held, loss_before } = await measure(learner, unfinished, turn);
    const args = trainArguments(given, learnt.length);
    const trainer = new Trainer({ model: host.adapted, adapter_name: copy, args, train_dataset: learnt });
    await run.waitWhilePaused(signal);
    const output = await run.follow(pausable(trainer.train({ resume_from_checkpoint: resumes, signal })));
    const steps = output.global_step;
    const loss_after =
      steps === 0 ? loss_before : await lossOf(learner, copy, { args, examples: judges(held, learnt) }, turn);
    const counts = { examples: learnt.length, held_out: held.length, steps };
    const unsolved = { C: null, cross_validated_loss: null, ...NO_ACCURACY, candidates: [] };
    const taken = steps > 0 && loss_after <= loss_before;
    return { output, outcome: { ...counts, loss_before, loss_after, ...unsolved, taken } };
  },
};

/** The given arguments. If they leave the number of steps open, few examples are repeated more often. */
export function trainArguments(given: TrainingArguments, examples: number): TrainingArguments {
  if (given.max_steps !== undefined || given.num_train_epochs !== undefined) return given;
  const resolved = resolveTrainingArguments(given);
  const { stepsPerEpoch } = planSteps(examples, resolved);
  const repeats = Math.min(MOST_EPOCHS, Math.ceil(ENOUGH_STEPS / stepsPerEpoch));
  return { ...given, num_train_epochs: Math.max(resolved.num_train_epochs, repeats) };
}

/**
 * Measures the loss of the current vectors on the held-out examples, or on those to train on if the held-out ones have
 * nothing to predict.
 */
async function measure(
  learner: LearnContext,
  unfinished: Unfinished,
  turn: LearnTurn,
): Promise<Unfinished & { readonly loss_before: number }> {
  const { args, learnt, loss_before: before } = unfinished;
  if (before !== null) return { ...unfinished, loss_before: before };
  const on = (examples: readonly SentExample[]): Promise<number> =>
    lossOf(learner, learner.adapter, { args, examples }, turn);
  const ofHeld = unfinished.held.length === 0 ? Number.NaN : await on(unfinished.held);
  const held = Number.isNaN(ofHeld) ? [] : unfinished.held;
  const loss_before = Number.isNaN(ofHeld) ? await on(learnt) : ofHeld;
  const measured = { ...unfinished, held, loss_before };
  await learner.measured(measured);
  return measured;
}

function judges(held: readonly SentExample[], learnt: readonly SentExample[]): readonly SentExample[] {
  return held.length > 0 ? held : learnt;
}

/** The mean loss over all predictions; NaN without any. If it isn't finite, the largest number. */
async function lossOf(
  { host }: LearnContext,
  adapter_name: string,
  { args, examples }: Pick<Unfinished, 'args'> & { readonly examples: readonly SentExample[] },
  { run, signal }: LearnTurn,
): Promise<number> {
  let sum = 0;
  let predictions = 0;
  for (let start = 0; start < examples.length; start += PORTION) {
    const portion = examples.slice(start, start + PORTION);
    const trainer = new Trainer({
      model: host.adapted,
      adapter_name,
      args,
      train_dataset: portion,
      eval_dataset: portion,
    });
    await run.waitWhilePaused(signal);
    const metrics = await trainer.evaluate({ signal }).catch(nothingToJudge);
    const { eval_loss = 0, eval_tokens, eval_rows } = metrics;
    const count = eval_tokens ?? eval_rows ?? 0;
    sum += eval_loss * count;
    predictions += count;
  }
  if (predictions === 0) return Number.NaN;
  return Number.isFinite(sum) ? sum / predictions : Number.MAX_VALUE;
}

/** Ignores examples with nothing to predict, for example of one token. */
function nothingToJudge(error: unknown): Record<string, number> {
  if (error instanceof WebVeraError && error.code === 'invalid_argument' && 'leftOut' in error.detail) return {};
  throw error;
}

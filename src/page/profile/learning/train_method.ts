import { totalOf } from '../../../core/numbers/numbers';
import type { TrainOutput } from '../../../core/types/training';
import { pausable } from '../../training/train_run';
import { filesOf, vectorsOf } from '../storage/record';
import type { LearnProgress, Unfinished } from '../storage/unfinished_run';
import type { LearnPhase, LearnRecord } from '../types';
import { judge } from './judge';
import type { LearningCopy, LearnMethodKind } from './learn_method';
import { storeProgress } from './learn_results';
import { type Phase, phasesOf } from './phases';

const UNSOLVED = {
  C: null,
  cross_validated_loss: null,
  cross_validated_accuracy: null,
  accuracy_before: null,
  accuracy_after: null,
  candidates: [],
  left_out: [],
};

/**
 * The largest rise of a loss that counts as a rounding error. With a single rating, KTO estimates the divergence from the base model on
 * that rating itself, so its loss stays 0.5 except for rounding.
 */
const ROUNDING = 1e-5;

/** An unfinished run whose losses before training are known. */
type MeasuredRun = Unfinished & { readonly progress: LearnProgress };

/**
 * Trains the run's copy of the adapter by gradient descent, in one phase for each kind of data. The profile takes the copy unless the loss
 * of any kind rises. The loss is computed on the kind's held-out examples or, if none are held out, on its training examples.
 */
export const TRAIN: LearnMethodKind = {
  hasCheckpoints: true,
  expectUsable() {},
  steps: (asked) => totalOf(phasesOf(asked), ({ plan }) => plan.steps),
  async improve(parts) {
    const measured = await measure(parts);
    const { outputs, phases } = await trainPhases(parts, measured);
    const steps = totalOf(phases, (phase) => phase.steps);
    const judged = steps === 0 ? phases : await judgePhases(parts, phases);
    const taken = steps > 0 && judged.every(({ loss_before, loss_after }) => loss_after <= loss_before + ROUNDING);
    return { output: joined(outputs, steps), outcome: { ...outcomeOf(judged), ...UNSOLVED, taken } };
  },
};

/**
 * Evaluates the current vectors on each kind's held-out examples or, if none are held out, on its training examples. Omits kinds without
 * anything to predict.
 */
async function measure(parts: LearningCopy): Promise<MeasuredRun> {
  const { profile, adapter, unfinished } = parts;
  const { progress } = unfinished;
  if (progress !== null) return { ...unfinished, progress };
  const phases: LearnPhase[] = [];
  for (const phase of phasesOf(unfinished)) {
    const { kind, learnt, held } = phase;
    const on = (examples: Phase['held']) => judge(parts, phase, { adapter_name: adapter, examples });
    const ofHeld = await on(held);
    const figures = ofHeld ?? (await on(learnt));
    if (figures === undefined) continue;
    const { loss, accuracy } = figures;
    const counts = { examples: learnt.length, held_out: ofHeld === undefined ? 0 : held.length, steps: 0 };
    const same = { loss_before: loss, loss_after: loss, accuracy_before: accuracy, accuracy_after: accuracy };
    phases.push({ kind, ...counts, ...same });
  }
  const measured = { ...unfinished, progress: { phases, ended: 0, vectors: null } };
  if (phases.length > 0) await storeProgress(profile, measured);
  return measured;
}

interface Trained {
  readonly outputs: readonly TrainOutput[];
  readonly phases: readonly LearnPhase[];
}

/**
 * Trains the phases that haven't ended, one after the other. Each phase loads its initial vectors from files. A checkpoint's id depends on
 * these initial values, so another page that loads the same files finds the phase's checkpoints.
 */
async function trainPhases(parts: LearningCopy, unfinished: MeasuredRun): Promise<Trained> {
  const { profile, copy, turn } = parts;
  const { host } = profile;
  const { run, resumes, signal } = turn;
  const { progress: first } = unfinished;
  // If no kind has anything to predict, all kinds are trained, so that the trainer reports the error.
  const kinds = first.phases.length === 0 ? undefined : first.phases.map(({ kind }) => kind);
  const all = phasesOf(unfinished, kinds);
  const outputs: TrainOutput[] = [];
  let progress = first;
  for (const [index, { plan, learnt }] of all.entries()) {
    if (index < first.ended || plan.steps === 0) continue;
    if (outputs.length > 0) {
      if (run.isStopped) break;
      const vectors = await vectorsOf(await host.read(copy));
      progress = { ...progress, ended: index, vectors };
      await storeProgress(profile, { ...unfinished, progress });
      await host.remove(copy);
      await host.place(copy, filesOf(vectors), { is_trainable: true });
    }
    const part = {
      own: plan.steps,
      before: totalOf(progress.phases.slice(0, index), ({ steps }) => steps),
      after: totalOf(all.slice(index + 1), (later) => later.plan.steps),
    };
    const trainer = plan.trainer({ model: host.adapted, adapter_name: copy, train_dataset: learnt });
    await run.waitWhilePaused(signal);
    const resume_from_checkpoint = resumes && outputs.length === 0;
    const output = await run.follow(pausable(trainer.train({ resume_from_checkpoint, signal })), part);
    outputs.push(output);
    const phases = progress.phases.map((phase, at) => (at === index ? { ...phase, steps: output.global_step } : phase));
    progress = { ...progress, phases };
  }
  return { outputs, phases: progress.phases };
}

/** Evaluates the run's copy of the adapter on the same examples as the vectors before the run. */
async function judgePhases(parts: LearningCopy, phases: readonly LearnPhase[]): Promise<LearnPhase[]> {
  const kinds = phases.map(({ kind }) => kind);
  const all = phasesOf(parts.unfinished, kinds);
  const judged: LearnPhase[] = [];
  for (const [index, phase] of all.entries()) {
    const before = phases[index];
    if (before === undefined) continue;
    const examples = before.held_out > 0 ? phase.held : phase.learnt;
    const figures = await judge(parts, phase, { adapter_name: parts.copy, examples });
    const { loss = before.loss_before, accuracy = null } = figures ?? {};
    judged.push({ ...before, loss_after: loss, accuracy_after: accuracy });
  }
  return judged;
}

/** Combines the outputs of the phases that this page trained. */
function joined(outputs: readonly TrainOutput[], global_step: number): TrainOutput {
  const [first] = outputs;
  if (first !== undefined && outputs.length === 1) return { ...first, global_step };
  const trained = totalOf(outputs, (output) => output.global_step);
  const training_loss = totalOf(outputs, (output) => output.training_loss * output.global_step) / Math.max(1, trained);
  const train_runtime = totalOf(outputs, ({ metrics }) => metrics.train_runtime ?? 0);
  const tokens = totalOf(
    outputs,
    ({ metrics: { train_runtime: seconds = 0, train_tokens_per_second: rate = 0 } }) => seconds * rate,
  );
  return { global_step, training_loss, metrics: { train_runtime, train_tokens_per_second: tokens / train_runtime } };
}

function outcomeOf(
  phases: readonly LearnPhase[],
): Pick<LearnRecord, 'examples' | 'held_out' | 'steps' | 'loss_before' | 'loss_after' | 'phases'> {
  const sum = (of: (phase: LearnPhase) => number): number => Math.min(Number.MAX_VALUE, totalOf(phases, of));
  return {
    examples: sum(({ examples }) => examples),
    held_out: sum(({ held_out }) => held_out),
    steps: sum(({ steps }) => steps),
    loss_before: sum(({ loss_before }) => loss_before),
    loss_after: sum(({ loss_after }) => loss_after),
    phases,
  };
}

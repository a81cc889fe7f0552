import { type HeadFit, type PreTrainedModel, Trainer, type VeraModel } from 'webvera';
import { type RunListener, Training } from '../run/training';
import { type ClassSet, labelsOf, splitSamples } from './class_set';
import type { Kind, Settings } from './kind';
import type { Learnt, Measured } from './learnt';
import { examplesOf, measuredBy, solveHead } from './solving';

/** The outcome of a run. */
export interface Refined {
  /** Undefined if the trained vectors are no better than the ones before. */
  readonly learnt: Learnt | undefined;
  /** The number of samples that it trained on. */
  readonly samples: number;
  /** How often a solved head alone was right for the samples held out, and one over the trained vectors. */
  readonly before: Measured | undefined;
  readonly after: Measured | undefined;
}

/** The model that a run trains a fresh adapter for. */
export interface RefinementModel {
  load(signal: AbortSignal): Promise<PreTrainedModel>;
  adapt(base: PreTrainedModel): Promise<VeraModel>;
  /** Puts the trained adapter into use. */
  keep(base: PreTrainedModel, vera: VeraModel): void;
  /** Frees the model, unless it is in use. */
  drop(base: PreTrainedModel): Promise<void>;
}

export interface RefinementOptions<Content> {
  readonly kind: Kind<Content>;
  readonly set: ClassSet<Content>;
  readonly settings: Settings;
  readonly listener: RunListener;
}

/** Evaluations during a run. */
const MEASUREMENTS = 5;

/** Trains a fresh adapter with its head, solves for the head, and compares it with one that was solved for without training. */
export class Refinement<Content> {
  readonly training: Training;
  readonly #options: RefinementOptions<Content>;
  readonly #model: RefinementModel;
  readonly #split: ReturnType<typeof splitSamples<Content>>;
  #base: PreTrainedModel | undefined;
  /** The head that was solved for without training. */
  #solved: HeadFit | undefined;

  constructor(options: RefinementOptions<Content>, model: RefinementModel) {
    const { kind, set, settings, listener } = options;
    this.#options = options;
    this.#model = model;
    this.#split = splitSamples(set);
    const { train, heldOut } = this.#split;
    this.training = new Training({
      ...listener,
      resume: false,
      adapt: () => this.#adapt(),
      trainer: (vera) =>
        new Trainer({
          model: vera,
          args: argsOf(kind, settings, heldOut.length),
          train_dataset: examplesOf(kind, train),
          ...(heldOut.length > 0 && { eval_dataset: examplesOf(kind, heldOut) }),
        }),
    });
  }

  /** Runs. Rejects with an `AbortError` if the run is cancelled. */
  async result(): Promise<Refined> {
    const { kind, set } = this.#options;
    const { train } = this.#split;
    try {
      const { vera } = await this.training.start();
      const fit = await solveHead(kind, vera, this.#split, this.training.signal);
      const measured = fit.held_out === null ? undefined : measuredBy(fit);
      const before = this.#solved?.held_out == null ? undefined : measuredBy(this.#solved);
      const outcome = { samples: train.length, before, after: measured };
      if (lossOf(fit) > lossOf(this.#solved)) {
        await vera.delete_adapter('default');
        return { ...outcome, learnt: undefined };
      }
      const files = await vera.save_pretrained();
      if (this.#base !== undefined) this.#model.keep(this.#base, vera);
      const refined = train.map(({ id }) => id);
      const { model } = kind;
      const learnt = { model, labels: labelsOf(set), files, samples: train.length, measured, refined, at: Date.now() };
      return { ...outcome, learnt };
    } finally {
      if (this.#base !== undefined) await this.#model.drop(this.#base);
    }
  }

  async #adapt(): Promise<VeraModel> {
    const { signal } = this.training;
    const base = await this.#model.load(signal);
    this.#base = base;
    const untrained = await this.#model.adapt(base);
    try {
      this.#solved = await solveHead(this.#options.kind, untrained, this.#split, signal);
    } finally {
      await untrained.delete_adapter('default').catch(() => {}); // the session may have ended, with the adapter
    }
    return this.#model.adapt(base); // with the head that training begins with
  }
}

/** The loss over the samples held out; 0 without any, so that the trained vectors count as better. */
function lossOf(fit: HeadFit | undefined): number {
  return fit?.held_out?.after.loss ?? 0;
}

function argsOf<Content>(kind: Kind<Content>, { r: _, ...settings }: Settings, heldOut: number) {
  const eval_steps = Math.max(1, Math.round(settings.max_steps / MEASUREMENTS));
  const measures = heldOut > 0 ? ({ eval_strategy: 'steps', eval_steps } as const) : {};
  // Checkpoints would leave copies of the visitor's data in storage.
  return { ...kind.args, ...settings, ...measures, save_strategy: 'no' } as const;
}

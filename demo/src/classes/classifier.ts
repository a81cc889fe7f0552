import {
  type AdapterFiles,
  get_peft_model,
  type LabelScore,
  type LearnRecord,
  type PredictInput,
  type PreTrainedModel,
  VeraConfig,
  VeraModel,
} from 'webvera';
import { type LoadProgress, loadProgress } from '../library/load_meter';
import { Serial } from '../library/serial';
import type { Sessions } from '../library/sessions';
import { type ClassSet, labelsOf, numbered, type Split, splitSamples } from './class_set';
import type { Kind } from './kind';
import type { Learnt, Measured } from './learnt';
import { type RefineOptions, refine } from './refining/refinement';
import { measuredBy, solveHead } from './solving';

/** The loaded base model and its adapter. `classes`: the number of classes of the model's head. */
interface Loaded {
  readonly classes: number;
  readonly base: PreTrainedModel;
  readonly vera: VeraModel;
}

/** The outcome of a refinement. `learnt` is undefined if the refined vectors aren't used (see `Refined.files`). */
export interface Refinement {
  readonly record: LearnRecord;
  readonly learnt: Learnt | undefined;
}

/** A model that learns and predicts classes. It is loaded on first use, and again if it is lost or the number of classes changes. */
export class Classifier<Content> {
  readonly #kind: Kind<Content>;
  readonly #sessions: Sessions;
  readonly #onLoading: (progress: LoadProgress | undefined) => void;
  #loaded: Loaded | undefined;
  #opening: { readonly classes: number; readonly vera: Promise<VeraModel> } | undefined;
  /** A token that `close` replaces. Work that began before the replacement must not put its model into use. */
  #epoch = {};
  /** Runs the tasks that change the adapter, one after the other. */
  readonly #turns = new Serial();

  constructor(kind: Kind<Content>, sessions: Sessions, onLoading: (progress: LoadProgress | undefined) => void) {
    this.#kind = kind;
    this.#sessions = sessions;
    this.#onLoading = onLoading;
  }

  /** Forgets the loaded model without freeing it, for a model that was lost with the GPU, the worker or the session. */
  forget(): void {
    this.#loaded = undefined;
    this.#opening = undefined;
  }

  /** Frees the model's GPU memory. */
  async close(): Promise<void> {
    const loaded = this.#loaded;
    this.#epoch = {};
    this.forget();
    await loaded?.base.dispose();
  }

  /** Predicts the probability of each class, in the order of `learnt.labels`. */
  async tell(learnt: Learnt, input: PredictInput): Promise<readonly LabelScore[]> {
    const vera = await this.#open(learnt);
    const scores = new Map((await vera.predict(input)).map(({ label, score }) => [label, score]));
    return learnt.labels.map((label, index) => ({ label, score: scores.get(String(index)) ?? 0 }));
  }

  /** Whether a model with an adapter is loaded. */
  get isOpen(): boolean {
    return this.#loaded !== undefined;
  }

  /**
   * Solves for the head by regression over all samples. If `before` has refined vectors, and as many classes as the set, the head is solved
   * for with these vectors, and its accuracy is measured on the samples that the vectors weren't trained on.
   */
  learn(set: ClassSet<Content>, before: Learnt | undefined): Promise<Learnt> {
    return this.#inTurn(async (epoch) => {
      const classes = set.classes.length;
      const refined = before?.labels.length === classes ? before.refined : undefined;
      const loaded = await this.#loadedFor(classes, refined && before);
      try {
        const measured = refined && (await this.#measured(loaded.vera, splitSamples(set, refined)));
        const all = { train: numbered(set), heldOut: [] };
        const fit = await solveHead(this.#kind, loaded.vera, all);
        const files = await loaded.vera.save_pretrained();
        this.#replace(loaded, epoch);
        return { ...this.#about(set, files), measured: refined === undefined ? measuredBy(fit) : measured, refined };
      } catch (error) {
        if (loaded !== this.#loaded) free(loaded.base);
        throw error;
      }
    });
  }

  /** Trains the vectors below the head on these samples. The refined adapter is used from then on, unless it is clearly worse. */
  async refine(set: ClassSet<Content>, before: Learnt, options: RefineOptions): Promise<Refinement> {
    await this.#open(before);
    const base = this.#loaded?.base;
    if (base === undefined) throw new DOMException('The model was freed', 'AbortError');
    const begun = { base, session: await this.#sessions.get(), samples: numbered(set) };
    const { record, files, ...split } = await refine(this.#kind, begun, options);
    if (files === undefined) return { record, learnt: undefined };
    return this.#inTurn(async (epoch) => {
      options.signal.throwIfAborted();
      const vera = await VeraModel.from_pretrained(base, files, { is_trainable: true });
      const measured = await this.#measured(vera, split).finally(() => vera.delete_adapter('default'));
      const next = await VeraModel.from_pretrained(base, files, { is_trainable: true });
      if (options.signal.aborted) {
        await next.delete_adapter('default').catch(() => {}); // the session may have ended, with the model
        throw options.signal.reason;
      }
      this.#replace({ classes: set.classes.length, base, vera: next }, epoch);
      const refined = split.train.map(({ id }) => id);
      return { record, learnt: { ...this.#about(set, files), samples: record.examples, measured, refined } };
    });
  }

  /** Solves for a head on the training samples, and counts how often it is right for the held-out samples, if there are any. */
  async #measured(vera: VeraModel, split: Split<Content>): Promise<Measured | undefined> {
    const labels = new Set(split.train.map(({ label }) => label));
    if (split.heldOut.length === 0 || labels.size < 2) return undefined;
    return measuredBy(await solveHead(this.#kind, vera, split));
  }

  #about(set: ClassSet<Content>, files: AdapterFiles): Omit<Learnt, 'measured' | 'refined'> {
    const { model } = this.#kind;
    const classIds = set.classes.map(({ id }) => id);
    return { model, labels: labelsOf(set), classIds, files, samples: set.samples.length, at: Date.now() };
  }

  /** Loads the learnt adapter, unless a model with as many classes is loaded. */
  #open(learnt: Learnt): Promise<VeraModel> {
    const classes = learnt.labels.length;
    if (this.#loaded?.classes === classes) return Promise.resolve(this.#loaded.vera);
    if (this.#opening?.classes !== classes) this.#opening = { classes, vera: this.#opened(learnt) };
    return this.#opening.vera;
  }

  #opened(learnt: Learnt): Promise<VeraModel> {
    const opening = this.#inTurn(async (epoch) => {
      const loaded = await this.#loadedFor(learnt.labels.length, learnt);
      this.#replace(loaded, epoch);
      return loaded.vera;
    }).finally(() => {
      if (this.#opening?.vera === opening) this.#opening = undefined;
    });
    return opening;
  }

  /** Returns the model in use if it has this number of classes. Otherwise loads another one, with the learnt adapter or a fresh one. */
  async #loadedFor(classes: number, learnt: Learnt | undefined): Promise<Loaded> {
    if (this.#loaded?.classes === classes) return this.#loaded;
    const base = await this.#baseFor(classes);
    try {
      const vera =
        learnt === undefined
          ? await get_peft_model(base, new VeraConfig({ ...this.#kind.config, save_projection: false }))
          : await VeraModel.from_pretrained(base, learnt.files, { is_trainable: true });
      return { classes, base, vera };
    } catch (error) {
      free(base);
      throw error;
    }
  }

  /** Loads the base model with a head for this number of classes. Its labels are numbers, so that classes can be renamed later. */
  async #baseFor(classes: number): Promise<PreTrainedModel> {
    try {
      return await this.#kind.load({
        session: await this.#sessions.get(),
        id2label: Object.fromEntries(Array.from({ length: classes }, (_, index) => [index, String(index)])),
        progress_callback: loadProgress(this.#onLoading),
      });
    } finally {
      this.#onLoading(undefined);
    }
  }

  /**
   * Puts a model into use. Frees the old one without waiting, so that an interrupted prediction fails only after the new model is in use.
   * Throws an `AbortError` if `close` was called since the work began.
   */
  #replace(next: Loaded, epoch: object): void {
    const old = this.#loaded;
    if (epoch !== this.#epoch) {
      if (next !== old) free(next.base);
      throw new DOMException('The model was freed', 'AbortError');
    }
    this.#loaded = next;
    if (old === undefined || old === next) return;
    const freed = old.base === next.base ? old.vera.delete_adapter('default') : old.base.dispose();
    freed.catch(() => {}); // the session may have ended, with the model
  }

  /** Calls `work` once all earlier work has ended, with the epoch at the time of this call. */
  #inTurn<T>(work: (epoch: object) => Promise<T>): Promise<T> {
    const epoch = this.#epoch;
    return this.#turns.run(() => work(epoch));
  }
}

/** Frees a model that was never put into use. */
function free(base: PreTrainedModel): void {
  base.dispose().catch(() => {}); // the session may have ended, with the model
}

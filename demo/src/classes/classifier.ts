import {
  get_peft_model,
  type LabelScore,
  type PredictInput,
  type PreTrainedModel,
  VeraConfig,
  VeraModel,
} from 'webvera';
import { type LoadProgress, loadProgress } from '../library/load_meter';
import type { Sessions } from '../library/sessions';
import type { RunListener } from '../run/training';
import { type ClassSet, labelsOf, numbered, splitSamples } from './class_set';
import type { Kind, Settings } from './kind';
import type { Learnt } from './learnt';
import { Refinement } from './refinement';
import { measuredBy, solveHead } from './solving';

/** The base model with a head for so many classes, and the adapter in use. */
interface Loaded {
  readonly classes: number;
  readonly base: PreTrainedModel;
  readonly vera: VeraModel;
}

/** A model that learns and predicts classes. It is loaded on first use, and again after it was lost or for another number of classes. */
export class Classifier<Content> {
  readonly #kind: Kind<Content>;
  readonly #sessions: Sessions;
  readonly #onLoading: (progress: LoadProgress | undefined) => void;
  #loaded: Loaded | undefined;
  #opening: Promise<VeraModel> | undefined;
  /** Settles after the last change of the adapter, so that changes come one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(kind: Kind<Content>, sessions: Sessions, onLoading: (progress: LoadProgress | undefined) => void) {
    this.#kind = kind;
    this.#sessions = sessions;
    this.#onLoading = onLoading;
  }

  /** Drops everything, because the session ended. */
  forget(): void {
    this.#loaded = undefined;
    this.#opening = undefined;
  }

  /** Frees the GPU's memory. */
  async close(): Promise<void> {
    const loaded = this.#loaded;
    this.forget();
    await loaded?.base.dispose();
  }

  /** Predicts the probability of each class, in the order of `learnt.labels`. */
  async tell(learnt: Learnt, input: PredictInput): Promise<readonly LabelScore[]> {
    const vera = await this.#open(learnt);
    const scores = new Map((await vera.predict(input)).map(({ label, score }) => [label, score]));
    return learnt.labels.map((label, index) => ({ label, score: scores.get(String(index)) ?? 0 }));
  }

  /** Whether the adapter in use is loaded. */
  get isOpen(): boolean {
    return this.#loaded !== undefined;
  }

  /**
   * Solves for the head over all samples. If vectors were refined for as many classes `before`, it is solved for over these, and
   * measured by the samples that they weren't trained on.
   */
  learn(set: ClassSet<Content>, before: Learnt | undefined): Promise<Learnt> {
    return this.#inTurn(async () => {
      const classes = set.classes.length;
      const refined = before?.labels.length === classes ? before.refined : undefined;
      const loaded = await this.#loadedFor(classes, refined && before);
      const split = refined === undefined ? { train: numbered(set), heldOut: [] } : splitSamples(set, refined);
      const fit = await solveHead(this.#kind, loaded.vera, split);
      const files = await loaded.vera.save_pretrained();
      this.#replace(loaded);
      const samples = split.train.length;
      const { model } = this.#kind;
      return { model, labels: labelsOf(set), files, samples, measured: measuredBy(fit), refined, at: Date.now() };
    });
  }

  /** Prepares a run with a fresh adapter. Its result replaces the adapter in use if it is better than a solved head alone. */
  refine(set: ClassSet<Content>, settings: Settings, listener: RunListener): Refinement<Content> {
    const classes = set.classes.length;
    return new Refinement(
      { kind: this.#kind, set, settings, listener },
      {
        load: async (signal) => {
          await this.#last;
          return this.#baseFor(classes, signal);
        },
        adapt: (base) => this.#fresh(base, settings.r),
        keep: (base, vera) => this.#replace({ classes, base, vera }),
        drop: async (base) => {
          if (base !== this.#loaded?.base) await base.dispose().catch(() => {}); // the session may have ended, with the model
        },
      },
    );
  }

  /** Loads what was learnt. */
  #open(learnt: Learnt): Promise<VeraModel> {
    if (this.#loaded?.classes === learnt.labels.length) return Promise.resolve(this.#loaded.vera);
    this.#opening ??= this.#inTurn(async () => {
      const loaded = await this.#loadedFor(learnt.labels.length, learnt);
      this.#replace(loaded);
      return loaded.vera;
    }).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** The model in use, if it has so many classes, or another one with what was learnt or a fresh adapter. */
  async #loadedFor(classes: number, learnt: Learnt | undefined): Promise<Loaded> {
    if (this.#loaded?.classes === classes) return this.#loaded;
    const base = await this.#baseFor(classes);
    const vera =
      learnt === undefined
        ? await this.#fresh(base, this.#kind.defaults.r)
        : await VeraModel.from_pretrained(base, learnt.files, { is_trainable: true });
    return { classes, base, vera };
  }

  #fresh(base: PreTrainedModel, r: number): Promise<VeraModel> {
    const { config, model } = this.#kind;
    return get_peft_model(
      base,
      new VeraConfig({ ...config, r, base_model_name_or_path: model, save_projection: false }),
    );
  }

  /** The model's labels are numbers, so that classes can be renamed. */
  async #baseFor(classes: number, signal?: AbortSignal): Promise<PreTrainedModel> {
    if (this.#loaded?.classes === classes) return this.#loaded.base;
    try {
      return await this.#kind.load({
        session: await this.#sessions.get(),
        id2label: Object.fromEntries(Array.from({ length: classes }, (_, index) => [index, String(index)])),
        signal,
        progress_callback: loadProgress(this.#onLoading, signal),
      });
    } finally {
      this.#onLoading(undefined);
    }
  }

  /** Frees the old model without waiting, so that a prediction that it interrupts fails after the new one is in place. */
  #replace(next: Loaded): void {
    const old = this.#loaded;
    this.#loaded = next;
    if (old === undefined || old === next) return;
    const freed = old.base === next.base ? old.vera.delete_adapter('default') : old.base.dispose();
    freed.catch(() => {}); // the session may have ended, with the model
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

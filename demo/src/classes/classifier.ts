import {
  get_peft_model,
  type LabelScore,
  type PredictInput,
  type PreTrainedModel,
  Trainer,
  VeraConfig,
  VeraModel,
} from 'webvera';
import { type LoadProgress, loadProgress } from '../library/load_meter';
import type { Sessions } from '../library/sessions';
import { type RunListener, Training } from '../run/training';
import { type ClassSet, type Numbered, splitSamples } from './class_set';
import type { Kind, Settings } from './kind';
import type { Learnt, Measured } from './learnt';

/** The base model with a head for these classes, and the trained adapter. */
interface Loaded {
  readonly labels: readonly string[];
  readonly base: PreTrainedModel;
  readonly vera: VeraModel | undefined;
}

/** Evaluations during a run. */
const MEASUREMENTS = 5;

/** A model that learns and predicts classes. It is loaded on first use, and again after it was lost. */
export class Classifier<Content> {
  readonly #kind: Kind<Content>;
  readonly #sessions: Sessions;
  readonly #onLoading: (progress: LoadProgress | undefined) => void;
  #loaded: Loaded | undefined;
  #opening: Promise<VeraModel> | undefined;

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
    const scores = new Map((await vera.predict(input)).map((one) => [one.label, one]));
    return learnt.labels.flatMap((label) => scores.get(label) ?? []);
  }

  /** Whether the trained adapter is loaded. */
  get isOpen(): boolean {
    return this.#loaded?.vera !== undefined;
  }

  /** Loads the trained adapter. */
  #open(learnt: Learnt): Promise<VeraModel> {
    if (this.#loaded?.vera !== undefined) return Promise.resolve(this.#loaded.vera);
    this.#opening ??= this.#restore(learnt).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Prepares a run with a fresh adapter. Its result replaces the current adapter. */
  train(set: ClassSet<Content>, settings: Settings, listener: RunListener): ClassRun {
    const { kind, labels } = { kind: this.#kind, labels: set.classes.map(({ name }) => name.trim()) };
    const { train, heldOut } = splitSamples(set);
    const example = ({ content, label }: Numbered<Content>) => kind.example(content, label);
    let base: PreTrainedModel | undefined;
    const training: Training = new Training({
      ...listener,
      resume: false,
      adapt: async () => {
        await this.#opening?.catch(() => {}); // otherwise it could replace the run's result
        base = await this.#baseFor(labels, training.signal);
        const config = { ...kind.config, r: settings.r, base_model_name_or_path: kind.model, save_projection: false };
        return get_peft_model(base, new VeraConfig(config));
      },
      trainer: (model) =>
        new Trainer({
          model,
          args: argsOf(kind, settings, heldOut.length),
          train_dataset: train.map(example),
          ...(heldOut.length > 0 && { eval_dataset: heldOut.map(example) }),
        }),
    });
    const result = async (): Promise<Learnt> => {
      try {
        const { vera, trainer } = await training.start();
        const measured = heldOut.length > 0 ? measuredBy(await trainer.evaluate()) : undefined;
        const files = await vera.save_pretrained();
        if (base !== undefined) await this.#replace({ labels, base, vera });
        return { labels, files, samples: train.length, measured, at: Date.now() };
      } catch (error) {
        if (base !== this.#loaded?.base) await base?.dispose().catch(() => {}); // the session may have ended, with the model
        throw error;
      }
    };
    return { training, result };
  }

  async #restore(learnt: Learnt): Promise<VeraModel> {
    const base = await this.#baseFor(learnt.labels);
    const vera = await VeraModel.from_pretrained(base, learnt.files);
    this.#loaded = { labels: learnt.labels, base, vera };
    return vera;
  }

  async #baseFor(labels: readonly string[], signal?: AbortSignal): Promise<PreTrainedModel> {
    const loaded = this.#loaded;
    if (loaded !== undefined && JSON.stringify(loaded.labels) === JSON.stringify(labels)) return loaded.base;
    try {
      return await this.#kind.load({
        session: await this.#sessions.get(),
        id2label: { ...labels },
        signal,
        progress_callback: loadProgress(this.#onLoading, signal),
      });
    } finally {
      this.#onLoading(undefined);
    }
  }

  async #replace(next: Loaded): Promise<void> {
    const old = this.#loaded;
    this.#loaded = next;
    if (old === undefined) return;
    if (old.base !== next.base) await old.base.dispose();
    else await old.vera?.delete_adapter('default');
  }
}

export interface ClassRun {
  readonly training: Training;
  /** Starts the run. Resolves with its result. */
  result(): Promise<Learnt>;
}

export function measuredBy({ accuracy = 0, eval_rows = 0 }: Readonly<Record<string, number>>): Measured {
  return { right: Math.round(accuracy * eval_rows), of: eval_rows };
}

function argsOf<Content>(kind: Kind<Content>, { r: _, ...settings }: Settings, heldOut: number) {
  const eval_steps = Math.max(1, Math.round(settings.max_steps / MEASUREMENTS));
  const measures = heldOut > 0 ? ({ eval_strategy: 'steps', eval_steps } as const) : {};
  // Checkpoints would leave copies of the visitor's data in storage.
  return { ...kind.args, ...settings, ...measures, save_strategy: 'no' } as const;
}

import {
  export_run,
  get_peft_model,
  type StepLogs,
  Trainer,
  type TrainOutput,
  type TrainRun,
  type VeraModel,
} from 'webvera';
import { formatRecovery } from '../format';
import type { Corpus, ReadyModel, TrainingPhase } from '../state';
import { type Settings, toTrainingArguments, toVeraConfig } from './settings';

export interface TrainingPlan {
  readonly model: ReadyModel;
  readonly corpus: Corpus;
  readonly settings: Settings;
  /** Whether to go on from what was kept of this run before. */
  readonly resume: boolean;
  onPhase(phase: TrainingPhase): void;
  onLog(logs: StepLogs, maxSteps: number): void;
  onWarning(message: string): void;
  /** Something went wrong, and it goes on by itself after steps of which there are these logs. */
  onRecovered(message: string, logs: readonly StepLogs[], maxSteps: number): void;
  /** Up to this step nothing is lost any more. */
  onKept(step: number): void;
}

export interface Trained {
  readonly vera: VeraModel;
  readonly output: TrainOutput;
}

/** One run, from a fresh adapter to what it has learnt. */
export class Training {
  readonly #plan: TrainingPlan;
  readonly #abort = new AbortController();
  #run: TrainRun | undefined;
  #exported: Parameters<typeof export_run>[0] | undefined;
  #stopping = false;

  constructor(plan: TrainingPlan) {
    this.#plan = plan;
  }

  /** Rejects with an `AbortError` once cancelled. Whatever fails, the new adapter is gone. */
  async start(): Promise<Trained> {
    const { model, corpus, settings, resume, onPhase } = this.#plan;
    const { signal } = this.#abort;
    onPhase('preparing');
    const vera = await get_peft_model(model.base, toVeraConfig(settings, model.name));
    try {
      signal.throwIfAborted();
      const args = toTrainingArguments(settings);
      const trainer = new Trainer({ model: vera, args, train_dataset: corpus.blob });
      const run = trainer.train({ signal, resume_from_checkpoint: resume });
      this.#exported = { model: vera, trainer };
      this.#run = run;
      await this.#follow(run);
      return { vera, output: await run };
    } catch (error) {
      await vera.delete_adapter('default').catch(() => {}); // the session may be gone, and the adapter with it
      throw error;
    }
  }

  async pause(): Promise<void> {
    this.#plan.onPhase('pausing');
    await this.#run?.pause();
  }

  async resume(): Promise<void> {
    await this.#run?.resume();
  }

  /** Ends the run early; `start()` then gives what was learnt so far. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#plan.onPhase('stopping');
    await this.#run?.stop();
  }

  /** What the run goes on with in Python, from where it stands. It isn't disturbed by it. */
  async exportRun(): Promise<ReadonlyMap<string, Blob>> {
    if (this.#exported === undefined) throw new Error('The run has not begun');
    return export_run(this.#exported, { signal: this.#abort.signal });
  }

  cancel(): void {
    this.#stopping = true;
    this.#plan.onPhase('stopping');
    this.#abort.abort();
  }

  async #follow(run: TrainRun): Promise<void> {
    const { onPhase, onLog, onWarning, onRecovered, onKept } = this.#plan;
    let begun = false;
    for await (const event of run) {
      if (event.type === 'warning') onWarning(event.message);
      if (event.type === 'recovered') {
        const { log_history, global_step, max_steps } = event.state;
        // Later ones may be there already, and come as events of their own.
        const logs = log_history.filter(({ step }) => step <= global_step);
        onRecovered(formatRecovery(event), logs, max_steps);
      }
      if (event.type === 'log') onLog(event.logs, event.state.max_steps);
      if (event.type === 'restored') for (const logs of event.state.log_history) onLog(logs, event.state.max_steps);
      if (event.type === 'restored' || (event.type === 'save' && event.durable)) onKept(event.state.global_step);
      if (this.#stopping) continue;
      if (event.type === 'paused') onPhase('paused');
      if (event.type === 'resumed' || (event.type === 'log' && !begun)) onPhase('running');
      begun ||= event.type === 'log';
    }
  }
}

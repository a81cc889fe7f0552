import { export_run, type StepLogs, type Trainer, type TrainOutput, type TrainRun, type VeraModel } from 'webvera';
import { recoveredInWords } from '../../../src/parts/words';

export type TrainingPhase = 'idle' | 'preparing' | 'running' | 'pausing' | 'paused' | 'stopping';

/** What is told of a run as it goes on. */
export interface RunListener {
  onPhase(phase: TrainingPhase): void;
  /** A long data set is being read: how much of it, from 0 to 1, or undefined where its end isn't known. */
  onReading?(share: number | undefined): void;
  onLog(logs: StepLogs, maxSteps: number): void;
  onWarning(message: string): void;
  /** Something went wrong, and it goes on by itself after steps of which there are these logs. */
  onRecovered(message: string, logs: readonly StepLogs[], maxSteps: number): void;
  /** Up to this step nothing is lost any more. */
  onKept?(step: number): void;
  /** It was measured on its `eval_dataset`. */
  onEvaluated?(metrics: Readonly<Record<string, number>>): void;
}

export interface TrainingPlan extends RunListener {
  /** A fresh adapter over the base model. */
  adapt(): Promise<VeraModel>;
  trainer(vera: VeraModel): Trainer;
  /** Whether to go on from what was kept of this run before. */
  readonly resume: boolean;
}

export interface Trained {
  readonly vera: VeraModel;
  readonly trainer: Trainer;
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

  /** Aborted once the run is cancelled. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Rejects with an `AbortError` once cancelled. Whatever fails, the new adapter is gone. */
  async start(): Promise<Trained> {
    const { resume, onPhase, adapt } = this.#plan;
    const { signal } = this.#abort;
    onPhase('preparing');
    const vera = await adapt();
    try {
      signal.throwIfAborted();
      const trainer = this.#plan.trainer(vera);
      const run = trainer.train({ signal, resume_from_checkpoint: resume });
      this.#exported = { model: vera, trainer };
      this.#run = run;
      await this.#follow(run);
      return { vera, trainer, output: await run };
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
    const plan = this.#plan;
    let begun = false;
    for await (const event of run) {
      if (event.type === 'reading') plan.onReading?.(event.total && event.loaded / event.total);
      if (event.type === 'warning') plan.onWarning(event.message);
      if (event.type === 'recovered') {
        const { log_history, global_step, max_steps } = event.state;
        // Later ones may be there already, and come as events of their own.
        const logs = log_history.filter(({ step }) => step <= global_step);
        plan.onRecovered(recoveredInWords(event, 'The run'), logs, max_steps);
      }
      if (event.type === 'log') plan.onLog(event.logs, event.state.max_steps);
      if (event.type === 'evaluate') plan.onEvaluated?.(event.metrics);
      if (event.type === 'restored')
        for (const logs of event.state.log_history) plan.onLog(logs, event.state.max_steps);
      if (event.type === 'restored' || (event.type === 'save' && event.durable)) plan.onKept?.(event.state.global_step);
      if (this.#stopping) continue;
      if (event.type === 'paused') plan.onPhase('paused');
      if (event.type === 'resumed' || (event.type === 'log' && !begun)) plan.onPhase('running');
      begun ||= event.type === 'log';
    }
  }
}

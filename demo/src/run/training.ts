import {
  type AnyAdaptedModel,
  export_run,
  type StepLogs,
  type Trainer,
  type TrainOutput,
  type TrainRun,
} from 'webvera';
import { recoveredInWords } from '../../../src/parts/words';

export type TrainingPhase = 'idle' | 'preparing' | 'running' | 'pausing' | 'paused' | 'stopping';

/** The parts of a training run, and the listeners of its events. */
interface TrainingPlan {
  /** Adds a fresh adapter to the base model. */
  adapt(): Promise<AnyAdaptedModel>;
  trainer(adapted: AnyAdaptedModel): Trainer;
  /** Called before the run starts, with the fresh adapter. */
  before(fresh: Pick<Trained, 'adapted' | 'trainer'>, signal: AbortSignal): Promise<void>;
  /** Whether to resume the run from its checkpoint. */
  readonly resume: boolean;
  onPhase(phase: TrainingPhase): void;
  /** A long data set is being read. `share`: the share that has been read, from 0 to 1; undefined if the length is unknown. */
  onReading(share: number | undefined): void;
  onLog(logs: StepLogs, maxSteps: number): void;
  onWarning(message: string): void;
  /** The run recovered from a failure, and continues after the steps in `logs`. */
  onRecovered(message: string, logs: readonly StepLogs[], maxSteps: number): void;
  /** A checkpoint has stored the training run up to this step. */
  onKept(step: number): void;
  /** The run was evaluated on its `eval_dataset` after this step. */
  onEvaluated(metrics: Readonly<Record<string, number>>, step: number): void;
}

export interface Trained {
  readonly adapted: AnyAdaptedModel;
  readonly trainer: Trainer;
  readonly output: TrainOutput;
}

/** Trains a fresh adapter. */
export class Training {
  readonly #plan: TrainingPlan;
  readonly #abort = new AbortController();
  #run: TrainRun | undefined;
  #exported: Parameters<typeof export_run>[0] | undefined;
  #stopping = false;

  constructor(plan: TrainingPlan) {
    this.#plan = plan;
  }

  /** Rejects with an `AbortError` after `cancel`. If the run fails, its adapter is deleted. */
  async start(): Promise<Trained> {
    const { resume, onPhase, adapt } = this.#plan;
    const { signal } = this.#abort;
    onPhase('preparing');
    const adapted = await adapt();
    try {
      signal.throwIfAborted();
      const trainer = this.#plan.trainer(adapted);
      await this.#plan.before({ adapted, trainer }, signal);
      signal.throwIfAborted();
      const run = trainer.train({ signal, resume_from_checkpoint: resume });
      this.#exported = { model: adapted, trainer };
      this.#run = run;
      await this.#follow(run);
      return { adapted, trainer, output: await run };
    } catch (error) {
      await adapted.delete_adapter('default').catch(() => {}); // the session may have ended, with the adapter
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

  /** Ends the run early. `start()` resolves with the partly trained adapter. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#plan.onPhase('stopping');
    await this.#run?.stop();
  }

  /** Exports the training run for Python, without disturbing it. */
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
      if (event.type === 'reading') plan.onReading(event.total && event.loaded / event.total);
      if (event.type === 'warning') plan.onWarning(event.message);
      if (event.type === 'recovered') {
        const { log_history, global_step, max_steps } = event.state;
        // `log_history` may already have later logs, which also arrive as events.
        const logs = log_history.filter(({ step }) => step <= global_step);
        plan.onRecovered(recoveredInWords(event, 'The run'), logs, max_steps);
      }
      if (event.type === 'log') plan.onLog(event.logs, event.state.max_steps);
      if (event.type === 'evaluate') plan.onEvaluated(event.metrics, event.state.global_step);
      if (event.type === 'restored') {
        const { log_history, eval_history, max_steps } = event.state;
        for (const logs of log_history) plan.onLog(logs, max_steps);
        for (const { metrics, step } of eval_history) plan.onEvaluated(metrics, step);
      }
      if (event.type === 'restored' || (event.type === 'save' && event.durable)) plan.onKept(event.state.global_step);
      if (this.#stopping) continue;
      if (event.type === 'paused') plan.onPhase('paused');
      if (event.type === 'resumed' || (event.type === 'log' && !begun)) plan.onPhase('running');
      begun ||= event.type === 'log';
    }
  }
}

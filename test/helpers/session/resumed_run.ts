import {
  AutoModelForCausalLM,
  get_peft_model,
  type KernelChoice,
  type ModelSource,
  type SessionOptions,
  type StepLogs,
  type TrainEvent,
  type TrainerInit,
  type TrainRun,
  VeraConfig,
  type VeraConfigInit,
} from '../../../src/index';
import { toArray } from '../bytes/to_array';
import { tinyFiles, tinyRow } from '../models/tiny_llama';
import { tinyTrainer, weightsOf } from '../models/tiny_training';
import { bytesOf, within } from './session';

/** The default training arguments of these runs. */
export const resumedArgs = {
  max_steps: 12,
  shuffle: true,
  lr_scheduler_type: 'linear',
  learning_rate: 0.05,
  weight_decay: 0.01,
  save_steps: 4,
} as const;
export const resumedRows = Array.from({ length: 7 }, (_, index) => tinyRow(10 + 9 * index, index));

export interface RunPlan {
  readonly config?: VeraConfigInit;
  /** The configuration of a second adapter, which trains too. */
  readonly beside?: VeraConfigInit;
  readonly base?: ModelSource;
  readonly session?: SessionOptions;
  readonly init?: Partial<TrainerInit>;
  readonly resume?: boolean | string;
  /** Called with the run once it has started. */
  readonly meanwhile?: (run: TrainRun) => Promise<unknown>;
}

export const resumedAdapter: VeraConfigInit = { r: 8, target_modules: ['down_proj', 'q_proj', 'v_proj'] };

export interface RunOutcome {
  readonly events: readonly TrainEvent[];
  readonly logs: readonly StepLogs[];
  readonly weights: Uint8Array;
  /** The second adapter's weights. */
  readonly besides: Uint8Array | undefined;
  readonly training_loss: number;
  readonly warnings: readonly string[];
  readonly messages: readonly string[];
  readonly kernels: KernelChoice;
  readonly saved: readonly string[];
}

const WEIGHTS = 'adapter_model.safetensors';

/** Trains a new adapter in a new session, as a reopened page does. */
export async function trained({
  config,
  beside,
  base,
  session,
  init,
  resume = false,
  meanwhile,
}: RunPlan = {}): Promise<RunOutcome> {
  return within({ store: 'auto', ...session }, async (opened) => {
    const messages: string[] = [];
    opened.session.addEventListener('warning', ({ message }) => messages.push(message));
    const source = base ?? tinyFiles();
    const loaded = await AutoModelForCausalLM.from_pretrained(source, { session: opened.session });
    const model = await get_peft_model(loaded, new VeraConfig({ ...resumedAdapter, ...config }));
    if (beside !== undefined) {
      await model.add_adapter('beside', new VeraConfig(beside));
      await model.set_adapter(['default', 'beside']);
    }
    const trainer = tinyTrainer(model, {
      train_dataset: resumedRows,
      ...init,
      args: { ...resumedArgs, ...init?.args },
    });
    const run = trainer.train({ resume_from_checkpoint: resume });
    await meanwhile?.(run);
    const { training_loss } = await run;
    const events = await toArray(run);
    return {
      events,
      logs: run.state.log_history,
      weights: await weightsOf(model),
      besides: beside && (await bytesOf((await model.save_pretrained({ adapter_name: 'beside' }))[WEIGHTS])),
      training_loss,
      warnings: opened.warnings,
      messages,
      kernels: await opened.session.kernels(),
      saved: events.flatMap((event) => (event.type === 'save' ? [event.checkpoint] : [])),
    };
  });
}

/** Returns a function that stops a run once this step is logged. */
export const stopAt = (step: number, options?: { save?: boolean }) => async (run: TrainRun) => {
  for await (const event of run) if (event.type === 'log' && event.logs.step >= step) return run.stop(options);
  return undefined;
};

/** Returns the numbers of a step's logs that are the same in every run. */
export const numbersOf = ({ step, loss, grad_norm, learning_rate }: StepLogs) => [step, loss, grad_norm, learning_rate];
export const typesOf = ({ events }: RunOutcome): string[] => events.map(({ type }) => type);

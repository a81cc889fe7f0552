import type { SentenceSettings } from '../../core/pooling/sentences';
import type { TaskFacts } from '../../core/types/model';
import type { LoadedProcessor } from '../../images/image_processor';
import type { Architecture, MakeHead, Network, NetworkOptions } from '../../models/architecture';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import type { Task } from './task';

/** The objects that turn texts or images into a model's inputs. Each is set if the model's folder has the files for it. */
export interface Preprocessors {
  readonly tokenizer?: TextTokenizer | undefined;
  readonly imageProcessor?: LoadedProcessor;
  /** Default: `DEFAULT_SENTENCES`. */
  readonly sentences?: SentenceSettings | undefined;
}

/** The parts of a model from which a task is made. */
export type TaskModel = Pick<Architecture, 'text' | 'image' | 'imageVectors' | 'config' | 'head'>;

/** Describes a task. `TASKS` in `task_registry.ts` lists all tasks; no other code refers to a certain task. */
export interface TaskKind<Name extends string = string> {
  /** Plain data about the task. The page receives them with a loaded model. */
  readonly facts: TaskFacts<Name>;
  /** Adapts a network to the task's models, for example by renaming its tensors. Default: the network stays unchanged. */
  network?(network: Network): Network;
  /**
   * Whether the task's heads may read one pooled vector per row. If so, the pooling settings in the model's folder are read while the model
   * loads, otherwise usually when `embed` is first called. Default: false.
   */
  readonly readsVectors?: boolean;
  /** Functions that load parts of the task's code on first use. Left out if there are none. */
  readonly lateCode?: readonly (() => Promise<unknown>)[];
  /** Returns a function that makes the task's head on a network; undefined for a network that can't be used for the task. */
  head(network: Network, options?: Pick<NetworkOptions, 'pooling'>): MakeHead | undefined;
  /** Creates the task for a model. Throws `unsupported_model` for a network with inputs of another kind. */
  create(model: TaskModel, preprocessors: Preprocessors): Task;
}

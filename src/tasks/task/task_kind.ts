import type { SentenceSettings } from '../../core/pooling/sentences';
import type { TaskFacts } from '../../core/types/model';
import type { ImageProcessor } from '../../images/image_processor';
import type { Architecture, MakeHead, Network, NetworkOptions } from '../../models/architecture';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import type { Task } from './task';

/** Makes a model's inputs from texts or images, as far as its folder has the files for that. */
export interface Preprocessors {
  readonly tokenizer?: TextTokenizer | undefined;
  readonly imageProcessor?: ImageProcessor | undefined;
  /** Default: `DEFAULT_SENTENCES`. */
  readonly sentences?: SentenceSettings | undefined;
}

/** The parts of a model that a task is made from. */
export type TaskModel = Pick<Architecture, 'text' | 'image' | 'config' | 'head'>;

/** The record of a task. `TASKS` in `task_registry.ts` holds all of them; no other code names a task. */
export interface TaskKind<Name extends string = string> {
  /** Plain data, which a loaded model brings to the page. */
  readonly facts: TaskFacts<Name>;
  /** The network as the task's models have it. Default: the network unchanged, with the names that it has below a head. */
  network?(network: Network): Network;
  /**
   * Whether the task's heads read one pooled vector of each row. If so, the folder's settings of pooling are read with the model. Default:
   * false; they are read when `embed` is first called.
   */
  readonly readsVectors?: boolean;
  /** Parts of its code that load when they are needed. Left out if there are none. */
  readonly lateCode?: readonly (() => Promise<unknown>)[];
  /** The head that the task puts on a network; undefined for a network that can't be used for it. */
  head(network: Network, options?: Pick<NetworkOptions, 'pooling'>): MakeHead | undefined;
  /** Throws `unsupported_model` for a network that takes in something else. */
  create(model: TaskModel, preprocessors: Preprocessors): Task;
}

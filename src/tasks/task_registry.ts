import { WebVeraError } from '../core/errors/error';
import type { PretrainedConfig, TaskFacts } from '../core/types/model';
import type { Architecture, Head, Network, NetworkOptions } from '../models/architecture';
import { architectureName } from '../models/config_fields';
import { parseLabels } from '../models/labels';
import { createNetwork } from '../models/model_registry';
import { addedPooling } from '../models/pooled_head';
import { CAUSAL_LM } from './causal_lm/causal_lm';
import { FEATURE_EXTRACTION } from './feature_extraction/feature_extraction';
import { IMAGE_CLASSIFICATION } from './image_classification/image_classification';
import { SEQUENCE_CLASSIFICATION } from './sequence_classification/sequence_classification';
import type { Task } from './task/task';
import type { Preprocessors, TaskKind, TaskModel } from './task/task_kind';
import { TOKEN_CLASSIFICATION } from './token_classification/token_classification';

/** All tasks. A model's default task is the first one for which it can be used. */
const TASKS = [CAUSAL_LM, SEQUENCE_CLASSIFICATION, IMAGE_CLASSIFICATION, TOKEN_CLASSIFICATION, FEATURE_EXTRACTION];

export type TaskName = (typeof TASKS)[number]['facts']['name'];

type Kind = TaskKind<TaskName>;

/** Whether a task's heads may read one pooled vector per row. */
export function readsVectors(task: TaskName = CAUSAL_LM.facts.name): boolean {
  return kindOf(task).readsVectors === true;
}

/** Creates the task for which a model's head was made. */
export function createTask(model: TaskModel & Pick<Architecture, 'task'>, preprocessors: Preprocessors = {}): Task {
  return kindOf(model.task.name).create(model, preprocessors);
}

/**
 * Creates the architecture that a config.json describes, with a task's head. Throws `unsupported_model` for unknown architectures and for
 * networks that can't have this head, and `invalid_format` for invalid fields.
 */
export function createArchitecture(
  config: PretrainedConfig,
  task: TaskName = CAUSAL_LM.facts.name,
  options: NetworkOptions = {},
): Architecture {
  const created = createNetwork(config, options);
  const kind = kindOf(task);
  const makeHead = kind.head(created, options);
  if (makeHead === undefined) throw noHead(created, kind, kindsFor(created));
  const { heads: _heads, pooler: _pooler, headlessClass: _class, ...network } = kind.network?.(created) ?? created;
  const facts = { ...kind.facts, inputs: network.image === undefined ? ('texts' as const) : ('images' as const) };
  const head = makeHead(facts.hasNamedLabels ? parseLabels(config) : NO_LABELS);
  return {
    ...network,
    config: describedBy(network.config, head, facts.hasNamedLabels || kind.network !== undefined),
    task: facts,
    head,
    modules: [{ name: '', type: head.className }, ...network.modules, ...head.modules],
    weights: [...network.weights, ...(head.tied.size === 0 ? head.weights : [])],
    tied: head.tied,
  };
}

/** Returns the config. If the task defines the head (`isOwn`), the config gets the head's class name and pooling settings. */
function describedBy(config: PretrainedConfig, head: Head, isOwn: boolean): PretrainedConfig {
  const pooling = addedPooling(head);
  return isOwn ? { ...config, architectures: [head.className], ...(pooling && { pooling }) } : config;
}

const NO_LABELS = { names: [], problem: 'single_label_classification' } as const;

interface TaskHints {
  /** The adapter's task type, if any. */
  readonly task_type: string | null;
  /** Whether the caller names labels. */
  readonly hasLabels: boolean;
}

/**
 * Returns the task for which a model would be loaded: by the adapter's task type, else by labels, else by the class in config.json. Throws
 * as `createArchitecture` does.
 */
export function likelyTask(config: PretrainedConfig, { task_type, hasLabels }: TaskHints): TaskFacts<TaskName> {
  const kinds = kindsFor(createNetwork(config, {}));
  const className = architectureName(config);
  const { facts } =
    kinds.find(({ facts }) => task_type !== null && facts.trainsHead.task_type === task_type) ??
    kinds.find(({ facts }) => hasLabels && facts.hasNamedLabels) ??
    kinds.find(({ facts }) => facts.classEndings.some((ending) => className.endsWith(ending))) ??
    kinds[0] ??
    CAUSAL_LM;
  return facts;
}

function kindOf(name: string): Kind {
  const kind = TASKS.find(({ facts }) => facts.name === name);
  if (kind !== undefined) return kind;
  throw new WebVeraError('internal', `No task has the name ${name}`);
}

/** Returns the tasks for which a network can be used. */
function kindsFor(network: Network): readonly Kind[] {
  return TASKS.filter((kind: Kind) => kind.head(network) !== undefined);
}

function noHead(
  { config: { model_type }, variant }: Network,
  { facts: { name: task, autoClass } }: Kind,
  others: readonly Kind[],
): WebVeraError {
  const got = variant === undefined ? model_type : `${model_type} with ${variant}`;
  return new WebVeraError('unsupported_model', `${autoClass}: expected a model for that, got model_type ${got}`, {
    hint: `Models of this type are loaded by ${others.map(({ facts }) => facts.autoClass).join(' or ')}.`,
    detail: { model_type, task },
  });
}

/** Loads the parts of all tasks' code that are otherwise loaded on first use. */
export async function loadLateTasks(): Promise<void> {
  await Promise.all(TASKS.flatMap(({ lateCode = [] }: Kind) => lateCode).map((load) => load()));
}

import { type ErrorDetails, WebVeraError } from '../../core/errors/error';
import { nearName } from '../../core/errors/near_name';
import type { Warn, Warning } from '../../core/errors/warning';
import type { ModuleInfo } from '../../core/types/model';
import type { Architecture } from '../../models/architecture';
import type { StepBudget } from '../../regex/step_budget';
import type { AdapterFields } from '../config/adapter_config';
import { checkRuleSizes, endsOf, excludedModules, newBudget, targetMatcher, targetsHit, trainedByEnd } from './matcher';
import { minimalTargets } from './minimal_targets';
import { noMatch, pythonSet } from './no_match';

/** A module of the base model, or a container of modules. Modules of the types 'Linear' and 'Conv1D' can be wrapped. */
export type NamedModule = ModuleInfo;

export interface WrappedModule {
  readonly name: string;
  readonly type: 'Linear' | 'Conv1D';
  readonly in_features: number;
  readonly out_features: number;
}

export interface BaseModelFacts {
  readonly model_type: string;
  /** The name of the output embedding, a language model's head. 'all-linear' excludes it. */
  readonly output_embedding?: string | undefined;
  /** Whether the head shares the embedding's weight: the field `tie_word_embeddings` of config.json. Default false. */
  readonly tie_word_embeddings?: boolean;
  /** A hint about the names of the modules, for the error about targets that match no module. */
  readonly names_hint?: string | undefined;
  readonly warn?: Warn;
}

/** The fields of a configuration that determine which modules are wrapped. */
type TargetFields = Pick<
  AdapterFields,
  | 'target_modules'
  | 'exclude_modules'
  | 'layers_to_transform'
  | 'layers_pattern'
  | 'modules_to_save'
  | 'fan_in_fan_out'
  | 'task_type'
>;

/** The rules that differ between kinds of adapters. */
interface TargetRules {
  /** PEFT's default targets by model_type. A string is a regular expression. */
  readonly defaults: Readonly<Record<string, readonly string[] | string>>;
  /** Throws if the adapter kind rejects `named`, the wrappable modules that the targets match. It is called before the other checks. */
  readonly expectNamed?: (named: readonly WrappedModule[], details: ErrorDetails) => void;
  /** PEFT's error message for a model type without default targets. */
  readonly noDefault?: string;
  /** PEFT's sentence about the supported layers, in the error for a target of another type. */
  readonly supported?: string;
  /** PEFT's warning about an adapter that wraps a tied layer. */
  readonly tied?: string;
  /** Whether PEFT condenses a long list of targets to suffixes. Default true. */
  readonly condenses?: boolean;
}

interface ResolvedTargets {
  /** The wrapped modules, in the model's order. */
  readonly modules: readonly WrappedModule[];
  /**
   * The wrappable modules that the targets match before their list is condensed. With `layers_to_transform` they can differ from `modules`.
   */
  readonly named: readonly WrappedModule[];
  /** The values that PEFT gives to these fields. They replace the values of the given configuration, also when the adapter is saved. */
  readonly fields: Pick<TargetFields, 'modules_to_save' | 'target_modules' | 'fan_in_fan_out'>;
}

const ALL_LINEAR = 'all-linear';
/** The names of embeddings and heads that a model may tie. */
const EMBEDDINGS: readonly string[] = ['embed_tokens', 'lm_head'];
/** The maximum number of names in a message. */
const SHOWN = 8;
/** From this many targets on, PEFT condenses a list to the shortest suffixes that match no other module. */
const MIN_TARGETS_TO_CONDENSE = 20;

/**
 * Determines which modules an adapter wraps, as PEFT does. Throws `invalid_argument` with PEFT's message if no module matches, if a module
 * matches that isn't Linear or Conv1D, or if a model type has no default targets.
 */
export function resolveTargets(
  given: TargetFields,
  all: readonly NamedModule[],
  { model_type, output_embedding, tie_word_embeddings = false, names_hint = '', warn }: BaseModelFacts,
  { defaults, expectNamed, condenses = true, noDefault = NO_DEFAULT, supported = SUPPORTED, tied = TIED }: TargetRules,
): ResolvedTargets {
  checkRuleSizes(given);
  // The model itself has an empty name. It is never a target, even if an expression matches the empty string.
  const modules = all.filter(({ name }) => name !== '');
  const modules_to_save = modulesToSave(given);
  const budget = newBudget();
  const facts = { model_type, output_embedding, defaults, noDefault };
  const rules = { ...given, modules_to_save };
  const targets = namedTargets(rules, modules, facts, budget);
  const isExcluded = excludedModules(rules, budget);
  const matching = (target_modules: readonly string[] | string) =>
    modules.filter(targetMatcher({ ...rules, target_modules }, budget, isExcluded));
  const matchedFirst = matching(targets);
  const named = matchedFirst.filter(isWrappable);
  const hint =
    `${meant(given.target_modules, modules)} Targets are whole names or their last parts, such as ${examples(modules)}. ${names_hint}`.trim();
  expectNamed?.(named, { hint, detail: { target_modules: targets } });
  const target_modules = condenses ? condense(targets, modules) : targets;
  const matched = target_modules === targets ? matchedFirst : matching(target_modules);
  if (matched.length === 0) {
    throw noMatch(
      { config: { ...given, target_modules }, excluded: modules.filter(isExcluded).length, all: modules.length },
      hint,
    );
  }
  const { exclude_modules = null } = given;
  if (exclude_modules !== null && exclude_modules.length > 0 && !modules.some(isExcluded)) {
    warn?.({ code: 'nothing_excluded', message: nothingExcluded(exclude_modules) });
  }
  const adapted = [
    ...matched.map(({ name }) => name),
    ...(output_embedding === undefined ? [] : (modules_to_save ?? [])),
  ];
  if (tie_word_embeddings && adapted.some((name) => EMBEDDINGS.includes(lastPart(name)))) {
    warn?.({ code: 'tied_target', message: tied });
  }
  const wrapped = matched.map((module) => expectWrappable(module, supported));
  const fan_in_fan_out = correctFanInFanOut(given.fan_in_fan_out, wrapped, warn);
  return { modules: wrapped, named, fields: { modules_to_save, target_modules, fan_in_fan_out } };
}

/** Returns a warning about entries of `target_modules` that match no module, although other entries do. PEFT has no such warning. */
export function targetWarnings(given: TargetFields, modules: readonly NamedModule[]): readonly Warning[] {
  const { target_modules } = given;
  if (target_modules === null || typeof target_modules === 'string') return [];
  const rules = { ...given, modules_to_save: modulesToSave(given) };
  const hit = new Set(modules.flatMap(targetsHit({ ...rules, target_modules })));
  const unmatched = target_modules.filter((name) => !hit.has(name));
  if (unmatched.length === 0) return [];
  const names = unmatched.slice(0, SHOWN).map((name) => JSON.stringify(name));
  const message = `target_modules: no module of the model matches ${names.join(', ')}. ${meant(unmatched, modules)}`;
  return [{ code: 'unmatched_target', message: message.trimEnd() }];
}

const TASK_HEADS: Readonly<Record<string, readonly string[]>> = {
  SEQ_CLS: ['classifier', 'score'],
  TOKEN_CLS: ['classifier', 'score'],
  QUESTION_ANS: ['qa_outputs'],
};

/** Returns the heads that PEFT trains and saves whole for a task, even if the model lacks them. */
export function taskHeads(task_type: TargetFields['task_type']): readonly string[] {
  return TASK_HEADS[task_type ?? ''] ?? [];
}

function modulesToSave({ modules_to_save, task_type }: TargetFields): readonly string[] | null {
  const heads = taskHeads(task_type);
  if (modules_to_save === null && heads.length === 0) return null;
  return [...new Set([...(modules_to_save ?? []), ...heads])];
}

/** Returns `target_modules`, with PEFT's default targets in place of null and the names of modules in place of 'all-linear'. */
function namedTargets(
  fields: TargetFields,
  modules: readonly NamedModule[],
  {
    model_type,
    output_embedding,
    defaults,
    noDefault,
  }: Pick<BaseModelFacts, 'model_type' | 'output_embedding'> & Required<Pick<TargetRules, 'defaults' | 'noDefault'>>,
  budget: StepBudget,
): readonly string[] | string {
  const { target_modules, task_type } = fields;
  if (target_modules === null) {
    if (Object.hasOwn(defaults, model_type)) return defaults[model_type] ?? [];
    throw new WebVeraError('invalid_argument', noDefault, {
      hint: `There is no default for models of type ${JSON.stringify(model_type)}. Try 'all-linear', or ${examples(modules)}.`,
    });
  }
  if (typeof target_modules !== 'string' || target_modules.toLowerCase() !== ALL_LINEAR) return target_modules;
  const head = output_embedding ?? (task_type === 'SEQ_CLS' ? classifierOf(modules) : undefined);
  const isTrained = trainedByEnd(fields, budget);
  return modules
    .filter((module) => isLinear(module.type) && module.name !== head && !isTrained(module))
    .map(({ name }) => name)
    .sort();
}

function classifierOf(modules: readonly NamedModule[]): string | undefined {
  return ['score', 'classifier'].find((head) => modules.some(({ name }) => name === head));
}

function condense(targets: readonly string[] | string, modules: readonly NamedModule[]): readonly string[] | string {
  if (typeof targets === 'string' || targets.length < MIN_TARGETS_TO_CONDENSE) return targets;
  const wanted = new Set(targets);
  const others = modules.map(({ name }) => name).filter((name) => !endsOf(name).some((end) => wanted.has(end)));
  const condensed = minimalTargets(targets, others);
  return condensed.length < targets.length ? condensed : targets;
}

function isLinear(type: string): type is WrappedModule['type'] {
  return type === 'Linear' || type === 'Conv1D';
}

function isWrappable(module: NamedModule): module is WrappedModule {
  return isLinear(module.type) && module.in_features !== undefined && module.out_features !== undefined;
}

function expectWrappable(module: NamedModule, supported: string): WrappedModule {
  if (isWrappable(module)) {
    const { name, type, in_features, out_features } = module;
    return { name, type, in_features, out_features };
  }
  throw new WebVeraError(
    'invalid_argument',
    `Target module ${module.repr ?? `${module.type}()`} is not supported. ${supported}`,
    { hint: `target_modules matches ${module.name}; name the layers more closely.`, detail: { module: module.name } },
  );
}

/** Corrects `fan_in_fan_out` as PEFT does: for each module in the model's order, so the type of the last module determines the result. */
function correctFanInFanOut(given: boolean, wrapped: readonly WrappedModule[], warn: Warn | undefined): boolean {
  const told = new Set<string>();
  let current = given;
  for (const { type } of wrapped) {
    const needed = type === 'Conv1D';
    if (needed !== current && !told.has(type)) {
      told.add(type);
      warn?.({ code: 'fan_in_fan_out', message: needed ? CONV1D_NEEDS_TRUE : LINEAR_NEEDS_FALSE });
    }
    current = needed;
  }
  return current;
}

/** Returns a suggestion for targets that match no module, or '' if no name is similar. */
function meant(targets: TargetFields['target_modules'], modules: readonly NamedModule[]): string {
  const known = [ALL_LINEAR, ...linearNames(modules)];
  const given = [targets ?? []].flat().slice(0, SHOWN);
  const near = new Set(given.flatMap((target) => nearName(target, known) ?? []));
  if (near.has(ALL_LINEAR)) return `Did you mean target_modules: '${ALL_LINEAR}'?`;
  const right = given.find((name) => near.has(name));
  if (right && typeof targets !== 'string') return `The model has ${right}: does layers_to_transform leave it out?`;
  if (near.size === 0) return '';
  const names = [...near].map((name) => `'${name}'`).join(', ');
  // A string would be read as a regular expression, so the suggestion is a list.
  return `Did you mean ${typeof targets === 'string' ? `[${names}]` : names}?`;
}

function examples(modules: readonly NamedModule[]): string {
  return linearNames(modules).slice(0, SHOWN).join(', ');
}

/** Returns the last parts of the names of all linear modules, each once. */
function linearNames(modules: readonly NamedModule[]): readonly string[] {
  return [...new Set(modules.filter(({ type }) => isLinear(type)).map(({ name }) => lastPart(name)))];
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function nothingExcluded(names: readonly string[] | string): string {
  const shown = typeof names === 'string' ? names : pythonSet(names);
  return (
    `You have passed exclude_modules=${shown} but no modules were excluded. ` +
    'Please check that exclude_modules was set correctly.'
  );
}

const NO_DEFAULT = 'Please specify `target_modules` in `peft_config`';
const SUPPORTED =
  'Currently, only `torch.nn.Linear` (optionally quantized) and `transformers.pytorch_utils.Conv1D` are supported.';
const CONV1D_NEEDS_TRUE =
  'fan_in_fan_out is set to False but the target module is `Conv1D`. Setting fan_in_fan_out to True.';
const LINEAR_NEEDS_FALSE =
  'fan_in_fan_out is set to True but the target module is `torch.nn.Linear`. Setting fan_in_fan_out to False.';
const TIED = tiedText('no implementation exists to tie the adapters');

/** Returns PEFT's warning about an adapter that wraps a tied layer. `reason`: why PEFT doesn't tie the adapters of the tied layers. */
export function tiedText(reason: string): string {
  return (
    `Model has \`tie_word_embeddings=True\` and a tied layer is part of the adapter, but ${reason}. This can lead to ` +
    'complications, for example when merging the adapter or converting your model to formats other than safetensors. ' +
    'Check the discussion here: https://github.com/huggingface/peft/issues/2777'
  );
}

/** Returns the facts about a model that its targets depend on. */
export function factsOf(model: Architecture, warn: Warn | undefined): BaseModelFacts {
  return {
    model_type: model.config.model_type,
    output_embedding: model.head.outputEmbedding,
    tie_word_embeddings: model.config.tie_word_embeddings === true,
    names_hint: model.namesHint,
    ...(warn && { warn }),
  };
}

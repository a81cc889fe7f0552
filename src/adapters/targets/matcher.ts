import { WebVeraError } from '../../core/errors/error';
import type { ModuleInfo } from '../../core/types/model';
import type { LinearRegExp } from '../../regex/linear_regexp';
import { StepBudget } from '../../regex/step_budget';
import type { AdapterFields } from '../config/adapter_config';
import { fullMatch, matchStart } from './python_regex';

type Filters = Pick<AdapterFields, 'exclude_modules' | 'modules_to_save' | 'layers_to_transform' | 'layers_pattern'>;

/** The fields of a configuration that determine which modules are targets. */
type MatchRules = Filters & { readonly target_modules: readonly string[] | string };

/** The maximum length of a name in a list. Module names seldom have 100 characters. */
const MAX_NAME = 1024;
/**
 * The maximum number of dot-separated name parts in the lists of targets and exclusions together. A model with 256 experts in each layer
 * has half a million.
 */
const MAX_PARTS = 1_000_000;
/**
 * The maximum number of steps that compile all patterns of a configuration and match them with all modules of a model. Usual patterns take
 * a hundredth of it.
 */
const MAX_STEPS = 8_000_000;
/** The maximum number of entries in a list of patterns. */
const MAX_PATTERNS = 1000;

/** The fields whose sizes `checkRuleSizes` limits. */
const SIZED = ['target_modules', 'exclude_modules', 'modules_to_save', 'layers_pattern'] as const;

/** Throws `limit_exceeded` for lists that are too large for any model. */
export function checkRuleSizes({
  target_modules,
  exclude_modules,
  modules_to_save,
  layers_pattern,
}: Pick<AdapterFields, (typeof SIZED)[number]>): void {
  const targets = [target_modules, exclude_modules].flatMap((names) =>
    typeof names === 'string' ? [] : (names ?? []),
  );
  const patterns = [modules_to_save ?? [], typeof layers_pattern === 'string' ? [] : (layers_pattern ?? [])];
  if ([targets, ...patterns].flat().some((name) => name.length > MAX_NAME)) {
    throw tooMuch(`names of at most ${MAX_NAME} characters`);
  }
  if (targets.reduce((parts, name) => parts + name.split('.').length, 0) > MAX_PARTS) {
    throw tooMuch(`names of at most ${MAX_PARTS} parts in all`);
  }
  if (patterns.some(({ length }) => length > MAX_PATTERNS)) throw tooMuch(`at most ${MAX_PATTERNS} names in a list`);
}

/** Returns a test of whether PEFT would wrap a module. The test, too, throws `limit_exceeded` if the patterns take too many steps. */
export function targetMatcher(
  rules: MatchRules,
  budget = newBudget(),
  isExcluded = excludedModules(rules, budget),
): (module: ModuleInfo) => boolean {
  const { target_modules } = rules;
  if (typeof target_modules !== 'string') {
    const hits = targetsHit({ ...rules, target_modules }, budget, isExcluded);
    return (module) => hits(module).length > 0;
  }
  // As in PEFT, layers_to_transform has no effect on a regular expression, and in `targetsHit` none on full names in a list.
  const pattern = fullMatch(target_modules, 'target_modules', budget);
  return (module) => !isExcluded(module) && pattern.matchStart(module.name, budget) !== undefined;
}

/** Returns a function that lists the entries of `target_modules` that a module matches. */
export function targetsHit(
  rules: Filters & { readonly target_modules: readonly string[] },
  budget = newBudget(),
  isExcluded = excludedModules(rules, budget),
): (module: ModuleInfo) => readonly string[] {
  const names = new Set(rules.target_modules);
  const inLayer = layerFilter(rules, budget);
  return (module) => {
    if (isExcluded(module)) return [];
    const { name } = module;
    const [whole, ...ends] = endsOf(name).filter((end) => names.has(end));
    if (whole === undefined) return [];
    const hit = whole === name ? ends : [whole, ...ends];
    return [...(whole === name ? [name] : []), ...(hit.length > 0 && inLayer(name) ? hit : [])];
  };
}

/** Returns a function that tests whether a field's regular expression matches a full name. Throws as `targetMatcher` does. */
export function nameMatcher(pattern: string, field: string): (name: string) => boolean {
  const budget = newBudget();
  const compiled = fullMatch(pattern, field, budget);
  return (name) => compiled.matchStart(name, budget) !== undefined;
}

/** Returns a name and its ends after each dot: 'a.b.c', 'b.c' and 'c' for 'a.b.c'. */
export function endsOf(name: string): readonly string[] {
  const ends = [name];
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) ends.push(name.slice(dot + 1));
  return ends;
}

/**
 * Returns a test of whether `exclude_modules` or `modules_to_save` matches a module. Such a module is never wrapped. Throws as
 * `targetMatcher` does.
 */
export function excludedModules(rules: Filters, budget: StepBudget): (module: ModuleInfo) => boolean {
  const isSaved = savedMatcher(rules, budget);
  const { exclude_modules } = rules;
  if (typeof exclude_modules === 'string' && exclude_modules !== '') {
    const pattern = fullMatch(exclude_modules, 'exclude_modules', budget);
    return ({ name }) => pattern.matchStart(name, budget) !== undefined || isSaved(name);
  }
  const names = new Set(exclude_modules);
  return ({ name }) => endsOf(name).some((end) => names.has(end)) || isSaved(name);
}

/**
 * Returns a test of whether `modules_to_save` makes a module (or a module that contains it) train, although `excludedModules` doesn't
 * exclude it from the targets. PEFT trains each module whose name ends with an entry: 'classifier' also matches 'pre_classifier'. It
 * excludes only modules with a dot-separated name part that equals an entry.
 */
export function trainedByEnd(rules: Filters, budget: StepBudget): (module: ModuleInfo) => boolean {
  const isExcluded = excludedModules(rules, budget);
  const ends = (rules.modules_to_save ?? []).filter((entry) => entry !== '').map((entry) => `${entry}.`);
  return (module) => ends.some((end) => `${module.name}.`.includes(end)) && !isExcluded(module);
}

/**
 * Returns a test of whether an entry of `modules_to_save` matches a module. As in PEFT, each entry is a pattern that has to match whole
 * dot-separated parts of a name.
 */
function savedMatcher({ modules_to_save }: Filters, budget: StepBudget): (name: string) => boolean {
  const names = new Set(modules_to_save ?? []);
  const patterns: LinearRegExp[] = [];
  for (const name of names) {
    if (!isPlain(name)) patterns.push(fullMatch(`(?:|.*\\.)${name}(?:|\\..*)`, 'modules_to_save', budget));
  }
  return (name) =>
    name.split('.').some((part) => names.has(part)) ||
    patterns.some((pattern) => pattern.matchStart(name, budget) !== undefined);
}

/** Whether a pattern is a literal that can match only one dot-separated part of a name. */
function isPlain(name: string): boolean {
  return /^[\w-]*$/.test(name);
}

function layerFilter(
  { layers_to_transform: layers = null, layers_pattern: pattern = null }: Filters,
  budget: StepBudget,
): (name: string) => boolean {
  if (layers === null || (typeof layers !== 'number' && layers.length === 0)) return () => true;
  const wanted = new Set(typeof layers === 'number' ? [layers] : layers);
  // A module's name may begin with the name of the list of layers, as in 'layers.0.mlp'.
  const starts =
    pattern === null || pattern.length === 0 ? ['.*?\\.[^.]*'] : [pattern].flat().map((list) => `(?:^|.*?\\.)${list}`);
  const indices = starts.map((start) => matchStart(`${start}\\.(\\d+)\\.`, 'layers_pattern', budget));
  return (name) => {
    for (const index of indices) {
      const match = index.matchStart(name, budget);
      // The layer's index is the last group, because layers_pattern may contain groups of its own.
      if (match !== undefined) return wanted.has(Number(match.group(match.groups)));
    }
    return false;
  };
}

/** Returns a new budget of steps, for one use of a configuration's patterns. */
export function newBudget(): StepBudget {
  return new StepBudget(
    MAX_STEPS,
    "The patterns of this configuration take too much work on the model's modules",
    'A list of names in target_modules and modules_to_save says the same as a pattern, at once.',
  );
}

function tooMuch(expected: string): WebVeraError {
  return new WebVeraError('limit_exceeded', `${SIZED.join(', ')}: expected ${expected}`, {
    hint: 'This configuration fits no model. Use one from who trained the adapter.',
  });
}

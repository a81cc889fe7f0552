import { WebVeraError } from '../../core/errors/error';
import type { ModuleInfo } from '../../core/types/model';
import type { LinearRegExp } from '../../regex/linear_regexp';
import { StepBudget } from '../../regex/step_budget';
import type { AdapterFields } from '../config/adapter_config';
import { fullMatch, matchStart } from './python_regex';

type Filters = Pick<AdapterFields, 'exclude_modules' | 'modules_to_save' | 'layers_to_transform' | 'layers_pattern'>;

/** The fields that decide which modules are targeted. */
type MatchRules = Filters & { readonly target_modules: readonly string[] | string };

/** The most characters of a name. Real names of modules seldom have 100. */
const MAX_NAME = 1024;
/** The most name parts in lists of targets. A model with 256 experts in each layer has half a million. */
const MAX_PARTS = 1_000_000;
/** The most matching steps for the patterns of one configuration on all modules of a model. Usual patterns take a hundredth of this. */
const MAX_STEPS = 8_000_000;
/** The most entries of a list whose entries are patterns. */
const MAX_PATTERNS = 1000;

/** The fields whose sizes `checkRuleSizes` limits. */
const SIZED = ['target_modules', 'exclude_modules', 'modules_to_save', 'layers_pattern'] as const;

/** Throws `limit_exceeded` for lists too large for any model. */
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

/** Returns a test of whether PEFT targets a module. The test throws `limit_exceeded` if the patterns take too many steps. */
export function targetMatcher(rules: MatchRules): (module: ModuleInfo) => boolean {
  const { target_modules } = rules;
  if (typeof target_modules !== 'string') {
    const hits = targetsHit({ ...rules, target_modules });
    return (module) => hits(module).length > 0;
  }
  // PEFT ignores layers_to_transform for an expression, and for whole names in a list.
  const budget = newBudget();
  const isExcluded = exclusions(rules, budget);
  const pattern = fullMatch(target_modules, 'target_modules');
  return ({ name }) => !isExcluded(name) && pattern.matchStart(name, budget) !== undefined;
}

/** Returns a function that lists the entries of `target_modules` that a module matches. */
export function targetsHit(
  rules: Filters & { readonly target_modules: readonly string[] },
): (module: ModuleInfo) => readonly string[] {
  const budget = newBudget();
  const names = new Set(rules.target_modules);
  const isExcluded = exclusions(rules, budget);
  const inLayer = layerFilter(rules, budget);
  return ({ name }) => {
    if (isExcluded(name)) return [];
    const [whole, ...ends] = endsOf(name).filter((end) => names.has(end));
    if (whole === undefined) return [];
    const hit = whole === name ? ends : [whole, ...ends];
    return [...(whole === name ? [name] : []), ...(hit.length > 0 && inLayer(name) ? hit : [])];
  };
}

/** Returns a test of whether an expression of a field matches a whole name. The test throws as `targetMatcher`'s does. */
export function nameMatcher(pattern: string, field: string): (name: string) => boolean {
  const budget = newBudget();
  const compiled = fullMatch(pattern, field);
  return (name) => compiled.matchStart(name, budget) !== undefined;
}

/** 'a.b.c' gives 'a.b.c', 'b.c', 'c'. */
export function endsOf(name: string): readonly string[] {
  const ends = [name];
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) ends.push(name.slice(dot + 1));
  return ends;
}

/**
 * Returns a test of whether `exclude_modules` or `modules_to_save` names a module. Such a module is never wrapped. The test throws as
 * `targetMatcher`'s does.
 */
export function excludedModules(rules: Filters): (module: ModuleInfo) => boolean {
  const isExcluded = exclusions(rules, newBudget());
  return ({ name }) => isExcluded(name);
}

function exclusions(rules: Filters, budget: StepBudget): (name: string) => boolean {
  const isSaved = savedMatcher(rules, budget);
  const { exclude_modules } = rules;
  if (typeof exclude_modules === 'string' && exclude_modules !== '') {
    const pattern = fullMatch(exclude_modules, 'exclude_modules');
    return (name) => pattern.matchStart(name, budget) !== undefined || isSaved(name);
  }
  const names = new Set(exclude_modules);
  return (name) => endsOf(name).some((end) => names.has(end)) || isSaved(name);
}

/** An entry of `modules_to_save` is a pattern that has to match whole parts of a name, as in PEFT. */
function savedMatcher({ modules_to_save }: Filters, budget: StepBudget): (name: string) => boolean {
  const names = new Set(modules_to_save ?? []);
  const patterns: LinearRegExp[] = [];
  for (const name of names) {
    if (!isPlain(name)) patterns.push(fullMatch(`(?:|.*\\.)${name}(?:|\\..*)`, 'modules_to_save'));
  }
  return (name) =>
    name.split('.').some((part) => names.has(part)) ||
    patterns.some((pattern) => pattern.matchStart(name, budget) !== undefined);
}

/** Whether a pattern is a literal that can match only a single part of a name. */
function isPlain(name: string): boolean {
  return /^[\w-]*$/.test(name);
}

function layerFilter(
  { layers_to_transform: layers = null, layers_pattern: pattern = null }: Filters,
  budget: StepBudget,
): (name: string) => boolean {
  if (layers === null || (typeof layers !== 'number' && layers.length === 0)) return () => true;
  const wanted = new Set(typeof layers === 'number' ? [layers] : layers);
  // A list that layers_pattern names may stand at the very beginning of a module's name.
  const starts =
    pattern === null || pattern.length === 0 ? ['.*?\\.[^.]*'] : [pattern].flat().map((list) => `(?:^|.*?\\.)${list}`);
  const indices = starts.map((start) => matchStart(`${start}\\.(\\d+)\\.`, 'layers_pattern'));
  return (name) => {
    for (const index of indices) {
      const match = index.matchStart(name, budget);
      // The index is the last group: the pattern of a list may contain groups itself.
      if (match !== undefined) return wanted.has(Number(match.group(match.groups)));
    }
    return false;
  };
}

function newBudget(): StepBudget {
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

import { WebVeraError } from '../../core/errors/error';
import type { Warning } from '../../core/errors/warning';
import { StepBudget } from '../../regex/step_budget';
import { pythonList } from '../targets/no_match';
import { fullMatch } from '../targets/python_regex';
import { matchesOfPlainKeys } from './plain_keys';

/**
 * The maximum number of steps that compile the regular expressions of one field and match them with all modules of a model. Usual
 * expressions take a thousandth of it.
 */
const MAX_STEPS = 8_000_000;
/** The maximum number of entries in a field. Large models have some thousand modules. */
const MAX_ENTRIES = 10_000;

type Patterns = Readonly<Record<string, number>>;

/** The value of each module that an entry matches, and warnings about entries that match no module. */
interface ModuleValues {
  readonly values: ReadonlyMap<string, number>;
  readonly warnings: readonly Warning[];
}

/**
 * Returns the values that `rank_pattern` or `alpha_pattern` gives to modules. As in PEFT, a module gets the value of the first entry whose
 * key, a regular expression, matches the module's full name or an end of it after a dot. Throws `limit_exceeded` for more than 10,000
 * entries, and if the expressions take too many steps.
 */
export function patternValues(
  field: 'rank_pattern' | 'alpha_pattern',
  patterns: Patterns,
  modules: readonly string[],
): ModuleValues {
  const given = Object.entries(patterns);
  if (given.length > MAX_ENTRIES) {
    throw new WebVeraError('limit_exceeded', `${field}: expected at most ${MAX_ENTRIES} entries, got ${given.length}`, {
      hint: 'One expression covers the same layer of all blocks.',
    });
  }
  const hint = 'Names of layers say the same as an expression, at once.';
  const budget = new StepBudget(MAX_STEPS, `${field} takes too much work on the model's modules`, hint);
  const plain = matchesOfPlainKeys(Object.keys(patterns), modules, budget);
  const entries = given.map(([key, value]) => {
    const named = plain.get(key);
    if (named !== undefined) return { key, value, matches: named };
    const expression = fullMatch(`(?:.*\\.)?(?:${key})`, field, budget);
    return { key, value, matches: modules.filter((name) => expression.matchStart(name, budget) !== undefined) };
  });
  const values = new Map(entries.toReversed().flatMap(({ value, matches }) => matches.map((name) => [name, value])));
  const unmatched = entries.flatMap(({ key, matches }) => (matches.length === 0 ? [key] : [])).sort();
  if (unmatched.length === 0) return { values, warnings: [] };
  const message = `The following ${field} keys did not match any targeted module and were ignored: ${pythonList(unmatched)}.`;
  return { values, warnings: [{ code: 'unmatched_pattern', message }] };
}

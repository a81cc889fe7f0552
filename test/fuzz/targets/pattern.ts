import { targetMatcher } from '../../../src/adapters/targets/matcher';
import { fullMatch } from '../../../src/adapters/targets/python_regex';
import { StepBudget } from '../../../src/regex/step_budget';
import { checkPattern, TextPatterns } from '../../../src/tokenizer/rules/patterns';
import { attempt, type FuzzTarget, partsOf, textOf } from '../target';

const LONG = 8192;
const MODULES = ['model.layers.0.self_attn.q_proj', 'transformer.h.11.mlp.c_fc', 'lm_head', 'a'.repeat(200)];

/** The input: a regular expression of a tokenizer or an adapter's configuration, and a text. */
export const target: FuzzTarget = {
  name: 'pattern',
  codes: ['invalid_format', 'invalid_argument', 'limit_exceeded'],
  run(bytes) {
    const [pattern, text] = partsOf(bytes, 2).map(textOf) as [string, string];
    const compiled = attempt(target, () => {
      checkPattern(pattern, { length: 0, properties: 0 });
      return compile(pattern);
    });
    if (compiled !== undefined) attempt(target, () => findIn(compiled, text));
    attempt(target, () => {
      const matcher = fullMatch(pattern, 'target_modules', newBudget(1_000_000));
      for (const name of MODULES) matcher.matchStart(name, newBudget(1_000_000));
    });
    attempt(target, () => {
      const rules = { modules_to_save: [pattern], layers_to_transform: [0], layers_pattern: pattern };
      MODULES.map((name) => ({ name, type: 'Linear' })).filter(targetMatcher({ ...rules, target_modules: ['q_proj'] }));
    });
  },
};

/** Compiles a pattern. Returns undefined if JavaScript rejects it: the tokenizer's reader has its own error for that. */
function compile(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, 'gu');
  } catch {
    return undefined;
  }
}

function findIn(compiled: RegExp, text: string): void {
  const long = text === '' ? '' : text.repeat(Math.ceil(LONG / text.length)).slice(0, LONG);
  const found = new TextPatterns().of(compiled);
  for (const one of [text.slice(0, LONG), `${long}!`]) {
    let from = 0;
    for (const { start, end } of found.matchAll(one, newBudget(2_000_000 + 150 * one.length))) {
      if (start < from || end < start || end > one.length) throw new Error(`matchAll: got ${start} to ${end}`);
      from = end;
    }
  }
}

function newBudget(steps: number): StepBudget {
  return new StepBudget(steps, 'too much work', '');
}

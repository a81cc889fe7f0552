import type { StepBudget } from '../../regex/step_budget';
import { endsOf } from '../targets/matcher';

/** A group of keys of one length whose unescaped dots, which match any character, are at the same positions `wild`. */
interface Form {
  readonly wild: readonly number[];
  /** Whether the key begins with `^`, so that only a whole name matches. */
  readonly isWhole: boolean;
  /** The names that a key matches, by the key's text. */
  readonly matches: Map<string, string[]>;
}

/** An expression that matches a fixed number of characters. */
type PlainKey = Pick<Form, 'wild' | 'isWhole'> & { readonly text: string };

/**
 * Returns the names that each plain key matches: the whole name, or its end after a dot. A key is plain if it consists of letters, digits,
 * '_', '-', dots and escaped dots, between an optional `^` and `$`. Files may have a plain key for each module. Names are looked up in
 * maps, because matching each key with each name would take too long. Throws `limit_exceeded` when the budget is used up.
 */
export function matchesOfPlainKeys(
  keys: readonly string[],
  names: readonly string[],
  budget: StepBudget,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const forms = new Map<number, Map<string, Form>>();
  for (const key of keys) {
    const plain = plainKey(key);
    if (plain === undefined) continue;
    const { text, wild, isWhole } = plain;
    const alike = forms.get(text.length) ?? new Map<string, Form>();
    forms.set(text.length, alike);
    const id = `${isWhole} ${wild}`;
    const form = alike.get(id) ?? { wild, isWhole, matches: new Map() };
    alike.set(id, form);
    const matches = form.matches.get(text) ?? [];
    form.matches.set(text, matches);
    found.set(key, matches);
  }
  for (const name of names) {
    for (const end of endsOf(name)) {
      for (const { wild, isWhole, matches } of forms.get(end.length)?.values() ?? []) {
        budget.spend(end.length);
        if (!isWhole || end === name) matches.get(withDots(end, wild))?.push(name);
      }
    }
  }
  return found;
}

function plainKey(key: string): PlainKey | undefined {
  const [, start, body] = /^(\^?)((?:[\w-]|\\?\.)+)\$?$/.exec(key) ?? [];
  if (body === undefined) return undefined;
  const characters = body.match(/\\?./g) ?? [];
  const wild = characters.flatMap((character, at) => (character === '.' ? [at] : []));
  return { text: body.replaceAll('\\.', '.'), wild, isWhole: start === '^' };
}

/** Replaces the characters at these positions by dots. */
function withDots(text: string, positions: readonly number[]): string {
  let [dotted, from] = ['', 0];
  for (const at of positions) {
    dotted += `${text.slice(from, at)}.`;
    from = at + 1;
  }
  return dotted + text.slice(from);
}

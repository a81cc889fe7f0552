import { MOST_LEVELS } from '../core/input/nesting';

/** The syntax tree of a pattern. */
export type PatternNode =
  /** One character: the source of a class, an escape or a literal. */
  | { readonly kind: 'set'; readonly source: string }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly branches: readonly PatternNode[] }
  | {
      readonly kind: 'repeat';
      readonly body: PatternNode;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    }
  | { readonly kind: 'group'; readonly body: PatternNode; readonly index: number }
  | { readonly kind: 'assertion'; readonly source: '^' | '$' | '\\b' | '\\B' }
  | { readonly kind: 'look'; readonly body: PatternNode; readonly behind: boolean; readonly negative: boolean }
  | { readonly kind: 'reference'; readonly group: number | string };

export interface Pattern {
  readonly root: PatternNode;
  readonly groups: number;
  /** Group numbers by name. */
  readonly names: ReadonlyMap<string, number>;
}

/** The largest count of a quantifier. Larger counts only use up memory, because the repeated part is compiled once per count. */
const MAX_COUNT = 1000;
const QUANTIFIER = /(?:([*+?])|\{(\d{1,9})(?:(,)(\d{0,9}))?\})(\??)/y;
const ESCAPE = /\\(?:[pP]\{[^}]*\}|u\{[\da-fA-F]+\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[A-Za-z]|.)/suy;
const CLASS = /\[\^?(?:\\.|[^\]\\])*\]/suy;
const OPENING = /\((?:\?(?:([:=!])|<([=!])|<([A-Za-z_$][\w$]*)>))?/y;

/**
 * Parses a pattern that JavaScript has accepted. Throws `SyntaxError` for syntax that only JavaScript's own engine supports, and for groups
 * nested too deeply or counts that are too large.
 */
export function parsePattern(source: string): Pattern {
  return new Parser(source).pattern();
}

class Parser {
  readonly #source: string;
  readonly #names = new Map<string, number>();
  #groups = 0;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  pattern(): Pattern {
    const root = this.#choice(0);
    if (this.#at < this.#source.length) throw new SyntaxError('an unmatched bracket');
    return { root, groups: this.#groups, names: this.#names };
  }

  #choice(depth: number): PatternNode {
    if (depth > MOST_LEVELS) throw new SyntaxError(`groups nested more than ${MOST_LEVELS} deep`);
    const branches: PatternNode[] = [];
    do {
      const items: PatternNode[] = [];
      while (this.#at < this.#source.length && !'|)'.includes(this.#next())) items.push(this.#item(depth));
      branches.push(items.length === 1 && items[0] !== undefined ? items[0] : { kind: 'sequence', items });
    } while (this.#takeText('|'));
    return branches.length === 1 && branches[0] !== undefined ? branches[0] : { kind: 'choice', branches };
  }

  #item(depth: number): PatternNode {
    const body = this.#atom(depth);
    const found = this.#take(QUANTIFIER);
    if (found === undefined) return body;
    const [, sign, low, comma, high, lazy] = found;
    const min = sign === undefined ? Number(low) : sign === '+' ? 1 : 0;
    const max = sign === undefined ? maximum(min, comma, high) : sign === '?' ? 1 : Number.POSITIVE_INFINITY;
    if (min > MAX_COUNT || (max > MAX_COUNT && max !== Number.POSITIVE_INFINITY)) {
      throw new SyntaxError(`a repeat of more than ${MAX_COUNT}`);
    }
    return { kind: 'repeat', body, min, max, lazy: lazy === '?' };
  }

  #atom(depth: number): PatternNode {
    const character = this.#next();
    if (character === '(') return this.#group(depth);
    if (character === '\\') return this.#escape();
    if (character === '[') {
      const [source] = this.#take(CLASS) ?? [];
      if (source === undefined) throw new SyntaxError('an unterminated class');
      return { kind: 'set', source };
    }
    this.#at += character.length;
    if (character === '^' || character === '$') return { kind: 'assertion', source: character };
    return { kind: 'set', source: character === '.' ? '.' : literal(character) };
  }

  #group(depth: number): PatternNode {
    const [text = '', plain, behind, name] = this.#take(OPENING) ?? [];
    if (text === '(' && this.#next() === '?') throw new SyntaxError('an unknown kind of group');
    const index = text === '(' || name !== undefined ? ++this.#groups : 0;
    if (name !== undefined) this.#names.set(name, index);
    const body = this.#choice(depth + 1);
    if (!this.#takeText(')')) throw new SyntaxError('an unterminated group');
    const look = behind ?? (plain === ':' ? undefined : plain);
    if (look !== undefined) return { kind: 'look', body, behind: behind !== undefined, negative: look === '!' };
    return index === 0 ? body : { kind: 'group', body, index };
  }

  #escape(): PatternNode {
    const [source = ''] = this.#take(ESCAPE) ?? [];
    const escaped = source.slice(1);
    if (source === '\\b' || source === '\\B') return { kind: 'assertion', source };
    if (/^[1-9]$/.test(escaped)) {
      const digits = /\d*/y;
      digits.lastIndex = this.#at;
      const more = digits.exec(this.#source)?.[0] ?? '';
      this.#at += more.length;
      return { kind: 'reference', group: Number(escaped + more) };
    }
    if (escaped === 'k') {
      const [, name] = this.#take(/<([^>]+)>/y) ?? [];
      if (name === undefined) throw new SyntaxError('a reference without a name');
      return { kind: 'reference', group: name };
    }
    return { kind: 'set', source };
  }

  #next(): string {
    return String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0);
  }

  #takeText(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#source) ?? undefined;
    if (found !== undefined) this.#at += found[0].length;
    return found;
  }
}

function maximum(min: number, comma: string | undefined, high: string | undefined): number {
  if (comma === undefined) return min;
  return high === undefined || high === '' ? Number.POSITIVE_INFINITY : Number(high);
}

/**
 * Returns a pattern that matches exactly this character. Special characters are escaped, such as a brace that doesn't begin a quantifier.
 */
function literal(character: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

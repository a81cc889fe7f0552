import { WebVeraError } from '../core/error';

const MAX_PATTERN_LENGTH = 4096;
const MAX_NESTING = 16;
/** The patterns of published tokenizers need at most five per branch, and two of them unbounded. */
const MAX_CHOICES = 8;
const MAX_UNBOUNDED = 3;

/** How a piece of a pattern can match: `choices` counts the points where the matcher may have to try again. */
interface Matching {
  readonly choices: number;
  readonly unbounded: number;
}

/**
 * Refuses regular expressions that could run for ever: a tokenizer.json comes from strangers, and JavaScript can't
 * stop a match that has begun. Refused are repeated groups whose content can match in more than one way (`(a+)+`,
 * `(a|a)*`), back references, and branches with many choices in a row (`a?a?a?…aaa`). What passes is polynomial
 * in the length of the text, which is cut into short pieces. `pattern` is in Oniguruma's syntax.
 * Throws `invalid_format`.
 */
export function checkPattern(pattern: string): void {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw refused(pattern, `at most ${MAX_PATTERN_LENGTH} characters, got ${pattern.length}`);
  }
  new PatternReader(pattern).alternatives(0);
}

/** A recursive descent over the pattern; it follows structure only and leaves what a character means to the compiler. */
class PatternReader {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  /** Up to the closing bracket, or to the end at depth 0. */
  alternatives(depth: number): Matching {
    if (depth > MAX_NESTING) throw refused(this.#pattern, `groups nested at most ${MAX_NESTING} deep`);
    let worst = this.#sequence(depth);
    let branches = 1;
    while (this.#take('|')) {
      const branch = this.#sequence(depth);
      worst = {
        choices: Math.max(worst.choices, branch.choices),
        unbounded: Math.max(worst.unbounded, branch.unbounded),
      };
      branches++;
    }
    if (depth === 0 && this.#at < this.#pattern.length) throw refused(this.#pattern, 'no unmatched closing bracket');
    return branches === 1 ? worst : { ...worst, choices: worst.choices + 1 };
  }

  #sequence(depth: number): Matching {
    let choices = 0;
    let unbounded = 0;
    while (this.#at < this.#pattern.length && this.#peek() !== '|' && this.#peek() !== ')') {
      const item = this.#item(depth);
      choices += item.choices;
      unbounded += item.unbounded;
    }
    if (choices > MAX_CHOICES) throw refused(this.#pattern, `at most ${MAX_CHOICES} choices in a row, got ${choices}`);
    if (unbounded > MAX_UNBOUNDED) {
      throw refused(this.#pattern, `at most ${MAX_UNBOUNDED} unbounded repeats in a row, got ${unbounded}`);
    }
    return { choices, unbounded };
  }

  #item(depth: number): Matching {
    let matching = this.#atom(depth);
    for (let repeat = this.#quantifier(); repeat !== undefined; repeat = this.#quantifier()) {
      const { min, max } = repeat;
      if (max > 1 && matching.choices > 0) {
        throw refused(this.#pattern, 'no repeated group that can match in more than one way');
      }
      matching = {
        choices: matching.choices + (min === max ? 0 : 1),
        unbounded: matching.unbounded + (max === Number.POSITIVE_INFINITY ? 1 : 0),
      };
    }
    return matching;
  }

  #atom(depth: number): Matching {
    const character = this.#peek();
    this.#at++;
    if (character === '(') return this.#group(depth);
    if (character === '[') this.#characterClass(1);
    else if (character === '\\') this.#escape();
    return { choices: 0, unbounded: 0 };
  }

  #group(depth: number): Matching {
    // `(?i:`, `(?:`, `(?=`, `(?!`, `(?<=`, `(?<name>`: what stands before the content doesn't matter here.
    const opening = /^\?(?:[a-z-]*:|[a-z-]+(?=\))|[=!>]|<[=!]|<\w+>)/.exec(
      this.#pattern.slice(this.#at, this.#at + 64),
    );
    if (opening !== null) this.#at += opening[0].length;
    else if (this.#peek() === '?') throw refused(this.#pattern, 'a known kind of group');
    const content = this.alternatives(depth + 1);
    if (!this.#take(')')) throw refused(this.#pattern, 'every group closed');
    return content;
  }

  /** Oniguruma nests classes. */
  #characterClass(depth: number): void {
    if (depth > MAX_NESTING) throw refused(this.#pattern, `classes nested at most ${MAX_NESTING} deep`);
    this.#take('^');
    // Engines disagree about what a bracket that comes first means, so that this reader could lose its place.
    if (this.#peek() === ']') throw refused(this.#pattern, 'no class that begins with a bracket');
    while (!this.#take(']')) {
      if (this.#at >= this.#pattern.length) throw refused(this.#pattern, 'every class closed');
      if (this.#take('\\')) this.#at++;
      else if (this.#take('[')) this.#characterClass(depth + 1);
      else this.#at++;
    }
  }

  #escape(): void {
    const character = this.#peek();
    if (/[1-9kg]/.test(character)) throw refused(this.#pattern, 'no back references');
    this.#at++;
    if (/[pPxu]/.test(character) && this.#peek() === '{') {
      const end = this.#pattern.indexOf('}', this.#at);
      if (end === -1) throw refused(this.#pattern, 'every brace closed');
      this.#at = end + 1;
    }
  }

  #quantifier(): { readonly min: number; readonly max: number } | undefined {
    const found = /^(?:[*+?]|\{(\d*)(,?)(\d*)\})/.exec(this.#pattern.slice(this.#at, this.#at + 32));
    if (found === null || found[0] === '{}' || found[0] === '{,}') return undefined;
    this.#at += found[0].length;
    const [text, low = '', comma, high = ''] = found;
    // A `?` after it makes it lazy: the same choices in another order. So does, as compiled, the possessive `+`;
    // after braces a `+` is a repeat of its own.
    if (!this.#take('?') && !text.startsWith('{')) this.#take('+');
    if (text === '?') return { min: 0, max: 1 };
    if (text === '*' || text === '+') return { min: 0, max: Number.POSITIVE_INFINITY };
    const min = low === '' ? 0 : Number(low);
    if (comma === '') return { min, max: min };
    return { min, max: high === '' ? Number.POSITIVE_INFINITY : Number(high) };
  }

  #peek(): string {
    return this.#pattern.charAt(this.#at);
  }

  #take(character: string): boolean {
    if (this.#peek() !== character || character === '') return false;
    this.#at++;
    return true;
  }
}

function refused(pattern: string, expected: string): WebVeraError {
  const shown = pattern.length <= 60 ? pattern : `${pattern.slice(0, 60)}…`;
  return new WebVeraError('invalid_format', `tokenizer.json: a pattern must have ${expected}: ${shown}`, {
    hint: 'This pattern could keep the tokenizer busy for ever. Use the tokenizer of a published model.',
    detail: { pattern: shown },
  });
}

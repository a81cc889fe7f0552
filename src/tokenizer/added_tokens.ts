import type { StepBudget } from '../regex/step_budget';
import { checkAdded } from './checks';
import { stripped, WORD } from './rules/word_rules';

/** Match a word character at the end, and at the beginning, of a text. */
const [BEFORE, AFTER] = [new RegExp(`[${WORD}]$`, 'u'), new RegExp(`^[${WORD}]`, 'u')];

/** An added token with its settings from tokenizer.json. A text is split at added tokens before the rest is encoded. */
export interface AddedToken {
  readonly content: string;
  readonly id: number;
  readonly special: boolean;
  readonly normalized: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Whether the token is found only where no word character is next to it. */
  readonly singleWord: boolean;
}

/** A part of a text: an added token, or the text between two of them. */
interface Section {
  readonly text: string;
  readonly token?: AddedToken;
}

/** The index of the trie's root node. */
const ROOT = 0;
/** The number of possible values of a UTF-16 unit. */
const UNITS = 2 ** 16;

/** Finds added tokens in a text from left to right. If several tokens begin at one position, finds the longest. */
export class TokenFinder {
  /** The trie of all tokens' texts. The key (node · `UNITS` + UTF-16 unit) maps to the next node. A single map needs little memory. */
  readonly #next = new Map<number, number>();
  /** The token whose text ends at each node. */
  readonly #tokens: (AddedToken | undefined)[] = [undefined];

  /** `tokens` maps each text to search for to its token. Throws `limit_exceeded` if the texts' total length is too large. */
  constructor(tokens: ReadonlyMap<string, AddedToken>) {
    checkAdded([...tokens.keys()]);
    for (const [text, token] of tokens) {
      if (text === '') continue;
      let node = ROOT;
      for (let i = 0; i < text.length; i++) {
        const edge = node * UNITS + text.charCodeAt(i);
        node = this.#next.get(edge) ?? this.#tokens.push(undefined) - 1;
        this.#next.set(edge, node);
      }
      this.#tokens[node] = token;
    }
  }

  /** Splits a text into sections. A token with `lstrip` or `rstrip` removes the white space next to it from the neighbouring section. */
  split(text: string, budget: StepBudget): Section[] {
    const sections: Section[] = [];
    let from = 0;
    for (let at = 0; at < text.length; ) {
      const found = this.#longest(text, at, budget);
      if (found === undefined) {
        at++;
        continue;
      }
      if (found.token.singleWord && isWithinWord(text, at, found.end)) {
        at = found.end;
        continue;
      }
      if (from < at) sections.push({ text: text.slice(from, at) });
      sections.push({ text: text.slice(at, found.end), token: found.token });
      at = found.end;
      from = at;
    }
    if (from < text.length) sections.push({ text: text.slice(from) });
    return sections.map((section, i) => trimmed(section, sections[i - 1]?.token, sections[i + 1]?.token));
  }

  #longest(text: string, at: number, budget: StepBudget): { end: number; token: AddedToken } | undefined {
    let node = this.#next.get(ROOT * UNITS + text.charCodeAt(at));
    let found: { end: number; token: AddedToken } | undefined;
    let end = at + 1;
    for (; node !== undefined; end++) {
      const token = this.#tokens[node];
      if (token !== undefined) found = { end, token };
      node = end < text.length ? this.#next.get(node * UNITS + text.charCodeAt(end)) : undefined;
    }
    budget.spend(end - at);
    return found;
  }
}

/** Whether a word character is next to the part of a text from `at` to `end`. */
function isWithinWord(text: string, at: number, end: number): boolean {
  return BEFORE.test(text.slice(Math.max(0, at - 2), at)) || AFTER.test(text.slice(end, end + 2));
}

function trimmed(section: Section, before: AddedToken | undefined, after: AddedToken | undefined): Section {
  return section.token === undefined ? { text: stripped(section.text, before?.rstrip, after?.lstrip) } : section;
}

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ChatMessage, ChatTemplate } from '../../../src/core/types/chat';
import { proseFolder } from '../models/tokenizers';

/** A conversation that transformers rendered. */
export interface GoldenChat {
  readonly template: string;
  readonly chat: string;
  readonly messages: readonly ChatMessage[];
  /** The message of the error that the template itself raises. */
  readonly refused?: string;
  readonly text?: string;
  readonly prompt?: string;
  readonly ids?: readonly number[];
  readonly assistant_masks?: readonly number[];
}

interface GoldenChats {
  readonly added: readonly string[];
  readonly special: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly rows: readonly GoldenChat[];
}

const file = resolve(import.meta.dirname, '../../golden/chat.json');
export const goldenChats = JSON.parse(readFileSync(file, 'utf8')) as GoldenChats;

export function goldenTemplate(name: string): ChatTemplate {
  const source = readFileSync(resolve(import.meta.dirname, `../../oracle/chat_templates/${name}.jinja`), 'utf8');
  return { source, tokens: goldenChats.special[name] ?? {} };
}

/** Returns the tokenizer.json of the demo's model, with the special tokens of the conversations added. */
export function goldenTokenizerJson(): string {
  const json = JSON.parse(readFileSync(resolve(proseFolder, 'tokenizer.json'), 'utf8'));
  const first = Object.keys(json.model.vocab).length;
  const added = goldenChats.added.map((content, i) => ({ id: first + i, content, special: true, normalized: false }));
  return JSON.stringify({ ...json, added_tokens: [...json.added_tokens, ...added] });
}

import { Environment, parse, tokenize } from '@huggingface/jinja';
import { WebVeraError } from '../core/errors/error';
import type { Chat, ChatMessage, ChatOutcome, ChatTemplate, RenderedChat } from '../core/types/chat';
import { errorToData } from '../core/types/wire';
import { BoundedInterpreter } from './bounded_interpreter';
import { Budget, tooMuch } from './budget';
import { globals, Raised } from './globals';
import { expectShallowTemplate } from './template_depth';
import { assistantTurns } from './turns';

/** The maximum length of a template in characters. The longest published templates have 30,000. */
const MOST_SOURCE = 2 ** 18;
/** The maximum number of white-space characters in a row. The library's time grows with the square of this number. */
const MOST_SPACE = 512;
/** The time limit for a conversation in milliseconds, including the partial renderings that find the assistant's turns. */
const MOST_TIME = 2000;

/**
 * The date that templates write into training examples as today's date: 1 January 2025, midnight in local time. With the real date, a run's
 * rows would change at midnight, and the run could be neither resumed nor exported.
 */
const EXAMPLES_DATE = [2025, 0, 1] as const;

type ParsedTemplate = ReturnType<typeof parse>;

/** Renders conversations with untrusted templates, as transformers does, and limits the work of the templates. */
export class ChatWriter {
  /** The template that was parsed last, because the next conversation usually has the same one. */
  #parsed: { readonly source: string; readonly program: ParsedTemplate } | undefined;
  readonly #clock: Pick<Performance, 'now'>;

  constructor(clock: Pick<Performance, 'now'> = performance) {
    this.#clock = clock;
  }

  /**
   * Renders a conversation. It returns errors instead of throwing them: `invalid_argument` if the template rejects the messages,
   * `invalid_format` if the template isn't valid or fails, `limit_exceeded` if it takes too much work, and `timeout` if it takes more than
   * two seconds.
   */
  render(template: ChatTemplate, chat: Chat): ChatOutcome {
    try {
      return { rendered: this.#render(template, chat) };
    } catch (error) {
      return { error: errorToData(error) };
    }
  }

  #render({ source, tokens }: ChatTemplate, chat: Chat): RenderedChat {
    const { add_generation_prompt, turns, reach, isExample = false } = chat;
    const messages = chat.messages.map(withReasoning);
    const ends = this.#clock.now() + MOST_TIME;
    const isOver = (): boolean => this.#clock.now() > ends;
    const program = this.#program(source);
    const known = {
      ...tokens,
      ...globals(isExample ? new Date(...EXAMPLES_DATE) : new Date()),
      tools: null,
      documents: null,
    };
    const write = (messages: readonly ChatMessage[], add_generation_prompt: boolean): string =>
      run(program, { ...known, messages, add_generation_prompt }, new Budget(isOver));
    const text = write(messages, add_generation_prompt);
    if (!turns) return { text, turns: [], uncertain: 0 };
    return { text, ...assistantTurns({ messages, text, eos: tokens.eos_token, write }, reach) };
  }

  #program(source: string): ParsedTemplate {
    if (this.#parsed?.source === source) return this.#parsed.program;
    if (source.length > MOST_SOURCE) {
      throw tooMuch(`expected at most ${MOST_SOURCE} characters, got ${source.length}`);
    }
    if (longestSpace(source) > MOST_SPACE) throw tooMuch(`it has more than ${MOST_SPACE} spaces in a row`);
    try {
      const tokens = tokenize(withPlainLines(source), { lstrip_blocks: true, trim_blocks: true });
      expectShallowTemplate(tokens);
      const program = parse(tokens);
      this.#parsed = { source, program };
      return program;
    } catch (error) {
      throw failed("can't be read", error);
    }
  }
}

/**
 * Returns a template with its lines as Jinja reads them, which the library doesn't: any line break is \n, and a backslash before one in a
 * statement or an expression joins two lines of a text.
 */
function withPlainLines(source: string): string {
  let isCode = false;
  return source.replace(/\r\n?/g, '\n').replace(/\{[{%]|[%}]\}|\\./gs, (sign) => {
    if (!sign.startsWith('\\')) isCode = sign.startsWith('{');
    return isCode && sign === '\\\n' ? '' : sign;
  });
}

/** Returns a message with its reasoning under the names that templates read, as transformers does. */
function withReasoning(message: ChatMessage): ChatMessage {
  const reasoning = message.reasoning_content ?? message.thinking ?? message.reasoning;
  return reasoning === undefined ? message : { thinking: reasoning, ...message, reasoning_content: reasoning };
}

function run(program: ParsedTemplate, known: Readonly<Record<string, unknown>>, budget: Budget): string {
  const scope = new Environment();
  for (const [name, value] of Object.entries(known)) scope.set(name, value);
  try {
    return String(new BoundedInterpreter(scope, budget).run(program).value);
  } catch (error) {
    if (!(error instanceof Raised)) throw failed('fails on these messages', error);
    throw new WebVeraError('invalid_argument', `The chat template refuses these messages: ${short(error.message)}`, {
      hint: 'Most models take turns of user and assistant, after a system message or none.',
    });
  }
}

/** Converts the library's error to a WebVeraError. A stack overflow or a string that is too long gives `limit_exceeded`. */
function failed(how: string, error: unknown): WebVeraError {
  if (error instanceof WebVeraError) return error;
  // Firefox throws an InternalError when the stack overflows.
  if (error instanceof RangeError || (error instanceof Error && error.name === 'InternalError')) {
    return tooMuch('it nests too deeply, or makes a text that is too long');
  }
  const problem =
    error instanceof Error && error.message !== '' ? error.message : 'it leaves a loop where there is none';
  return new WebVeraError('invalid_format', `The chat template ${how}: ${short(problem)}`, {
    hint: 'Is this the template that belongs to the model? Its Jinja is that of @huggingface/jinja.',
    cause: error,
  });
}

function short(text: string): string {
  return JSON.stringify(text.length <= 160 ? text : `${text.slice(0, 160)}…`);
}

function longestSpace(text: string): number {
  let [longest, length] = [0, 0];
  for (const character of text) {
    length = character.trim() === '' ? length + 1 : 0;
    longest = Math.max(longest, length);
  }
  return longest;
}

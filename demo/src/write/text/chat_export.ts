/** A person's messages in a chat, one after the other. */
export interface PersonsWords {
  readonly name: string;
  readonly count: number;
  readonly text: string;
}

/**
 * The first line of a message as WhatsApp exports it: `[31.12.23, 21:41:05] Ann: …` on an iPhone, `12/31/23, 9:41 PM - Ann: …` on Android.
 * Spanish has `p. m.` for `PM`. A line without a person is a notice of the app.
 */
const MESSAGE =
  /^\u200e?\[?\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? \d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[ \u00a0\u202f]?[ap]\.?[ \u00a0\u202f]?m\.?)?\]?(?: -)? (?:([^:]{1,60}): )?(.*)$/is;
/** The note in place of a picture, a voice message or a deleted message. */
const PLACEHOLDER = /^(?:<[^<>]{1,40}>|\u200e.*)$/;

/** A text counts as a chat if it has at least this number of messages, and if at least this share of its lines begins a message. */
const FEWEST_MESSAGES = 4;
const LEAST_SHARE = 0.3;
const MOST_PEOPLE = 8;

/** The people of a chat export with their messages, the most talkative first; undefined for any other text. */
export function peopleIn(text: string): readonly PersonsWords[] | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const words = new Map<string, string[]>();
  /** The messages of the person whose message continues; undefined after a notice or a placeholder of the app. */
  let current: string[] | undefined;
  let begun = 0;
  for (const line of lines) {
    const match = MESSAGE.exec(line);
    if (match === null) {
      if (current !== undefined) current[current.length - 1] += `\n${line}`;
      continue;
    }
    begun += 1;
    const [, name, message = ''] = match;
    current = undefined;
    if (name === undefined || PLACEHOLDER.test(message)) continue;
    current = words.get(name) ?? [];
    current.push(message);
    words.set(name, current);
  }
  const people = [...words].map(([name, messages]) => ({ name, count: messages.length, text: messages.join('\n') }));
  const count = people.reduce((sum, person) => sum + person.count, 0);
  if (count < FEWEST_MESSAGES || begun < LEAST_SHARE * lines.length) return undefined;
  return people.toSorted((a, b) => b.count - a.count).slice(0, MOST_PEOPLE);
}

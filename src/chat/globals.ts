import { MOST_TEXT, tooMuch } from './budget';

/** The error that `raise_exception` throws in a template that rejects the messages. */
export class Raised extends Error {}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** Returns the constants and functions that transformers offers to all templates. `now` is the time for `strftime_now`. */
export function globals(now: Date): Readonly<Record<string, unknown>> {
  return {
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
    range,
    strftime_now: (format: unknown) => strftime(now, String(format)),
    raise_exception(message: unknown) {
      throw new Raised(String(message));
    },
  };
}

function range(...args: readonly unknown[]): number[] {
  if (!args.every((arg) => Number.isSafeInteger(arg))) throw new TypeError('range: expected integers');
  const [first = 0, second, step = 1] = args as readonly number[];
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  if (step === 0) throw new TypeError('range: expected a step other than 0');
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > MOST_TEXT / 16) throw tooMuch(`it asks for a range of ${length}`);
  return Array.from({ length }, (_, i) => start + i * step);
}

/** Formats a time like Python's strftime, in English and in local time. */
function strftime(now: Date, format: string): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const [month = '', day = ''] = [MONTHS[now.getMonth()], DAYS[now.getDay()]];
  const fields: Readonly<Record<string, string>> = {
    '%Y': String(now.getFullYear()),
    '%y': two(now.getFullYear() % 100),
    '%m': two(now.getMonth() + 1),
    '%B': month,
    '%b': month.slice(0, 3),
    '%d': two(now.getDate()),
    '%A': day,
    '%a': day.slice(0, 3),
    '%H': two(now.getHours()),
    '%I': two(now.getHours() % 12 || 12),
    '%p': now.getHours() < 12 ? 'AM' : 'PM',
    '%M': two(now.getMinutes()),
    '%S': two(now.getSeconds()),
    '%%': '%',
  };
  return format.replace(/%./g, (field) => fields[field] ?? field);
}

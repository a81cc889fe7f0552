// Measures a page with Chromium's tracing. Times are in milliseconds, unless a comment says otherwise.
import type { Page } from 'puppeteer-core';

/** Measurements of the page's main thread between two marks. */
export interface Span {
  /** The id of the page's process. */
  readonly pid: number;
  readonly longestTask: { readonly wall: number; readonly cpu: number; readonly parts: string };
  /** The CPU time of the task that used the most of it. */
  readonly mostCpu: number;
  /** The times between successive frames, sorted, the longest first. */
  readonly gaps: readonly number[];
}

interface TraceEvent {
  readonly name: string;
  /** Categories, joined by commas. */
  readonly cat: string;
  /** The phase; `X` is an event with a duration. */
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** The start time, in microseconds. */
  readonly ts: number;
  /** The duration, in microseconds. */
  readonly dur?: number;
  /** CPU time of the thread, in microseconds. */
  readonly tdur?: number;
}

const MARKS = 'blink.user_timing';
const CATEGORIES = ['disabled-by-default-devtools.timeline', 'devtools.timeline', 'v8', MARKS];
const TASK = 'RunTask';
const FRAME = 'frame';
/** The maximum number of parts of the longest task that a failed test's message names. */
const MOST_PARTS = 4;

/** Starts a trace. In the page's next documents, every frame adds a mark to it. */
export async function startTrace(page: Page): Promise<void> {
  await page.evaluateOnNewDocument((frame) => {
    const next = (): void => {
      performance.mark(frame);
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  }, FRAME);
  await page.tracing.start({ categories: CATEGORIES });
}

export async function mark(page: Page, name: string): Promise<void> {
  await page.evaluate((text) => void performance.mark(text), name);
}

/** Ends the trace. The returned function measures the span between two marks. */
export async function stopTrace(page: Page): Promise<(from: string, to: string) => Span> {
  const bytes = await page.tracing.stop();
  const { traceEvents } = JSON.parse(new TextDecoder().decode(bytes)) as { traceEvents: readonly TraceEvent[] };
  return (from, to) => spanOf(traceEvents, from, to);
}

function spanOf(all: readonly TraceEvent[], from: string, to: string): Span {
  const begin = all.find((event) => isMark(event, from));
  const end = all.find((event) => isMark(event, to));
  if (begin === undefined || end === undefined) throw new Error(`The trace has no mark ${begin ? to : from}`);
  const { pid, tid } = begin;
  const events = all.filter(
    (event) => event.pid === pid && event.tid === tid && event.ts >= begin.ts && event.ts < end.ts,
  );
  const tasks = events.filter(({ name, ph }) => name === TASK && ph === 'X');
  const [longest] = longestFirst(tasks);
  if (longest === undefined) throw new Error(`The trace has no task between the marks ${from} and ${to}`);
  const parts = longestFirst(events.filter((event) => event !== longest && within(event, longest)));
  return {
    pid,
    longestTask: {
      wall: (longest.dur ?? 0) / 1000,
      cpu: (longest.tdur ?? 0) / 1000,
      parts: parts
        .slice(0, MOST_PARTS)
        .map(({ name }) => name)
        .join(', '),
    },
    mostCpu: Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000,
    // The begin and end marks count as frames, so that missing frames next to them appear as gaps.
    gaps: gapsOf([begin, ...events.filter((event) => isMark(event, FRAME)), end]),
  };
}

function isMark({ name, cat }: TraceEvent, wanted: string): boolean {
  return name === wanted && cat.split(',').includes(MARKS);
}

function gapsOf(events: readonly TraceEvent[]): number[] {
  const times = events.map(({ ts }) => ts / 1000).toSorted((a, b) => a - b);
  return times
    .slice(1)
    .map((at, index) => at - (times[index] ?? at))
    .toSorted((a, b) => b - a);
}

function longestFirst(events: readonly TraceEvent[]): TraceEvent[] {
  return events.toSorted((a, b) => (b.dur ?? 0) - (a.dur ?? 0));
}

function within({ ph, ts, dur = 0 }: TraceEvent, outer: TraceEvent): boolean {
  return ph === 'X' && ts >= outer.ts && ts + dur <= outer.ts + (outer.dur ?? 0);
}

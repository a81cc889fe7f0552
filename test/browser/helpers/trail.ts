/** How many of the latest lines remain. */
const LINES = 40;

const trail: string[] = [];

/** Notes a request, a console message or an error of a page, with the time. The report of a test that fails shows the latest ones. */
export function note(line: string): void {
  trail.push(`${new Date().toISOString().slice(11, 23)} ${line.slice(0, 300)}`);
  if (trail.length > LINES) trail.shift();
}

/** Returns the lines since the last call. */
export function takeTrail(): readonly string[] {
  return trail.splice(0);
}

// Draws the loss of a run as an SVG that follows the reader's light or dark theme.

const WIDTH = 880;
const HEIGHT = 480;
const PLOT = { left: 72, right: 852, top: 96, bottom: 420 };
/** The weight of the newest step in the smoothed line. */
const SMOOTHING = 0.1;

/**
 * @param {{ title: string, subtitle: string, note: string, losses: readonly number[] }} chart one loss for each step, from step 1
 * @returns {string}
 */
export function lossChart({ title, subtitle, note, losses }) {
  const finite = losses.filter(Number.isFinite);
  // `Math.min(...finite)` would fail for long runs: a call's number of arguments is limited.
  const [least, most] = finite.reduce(
    ([low, high], loss) => [Math.min(low, loss), Math.max(high, loss)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const y = ticks(least, most, 6);
  const x = ticks(0, Math.max(1, losses.length), 8).filter((tick) => tick <= losses.length && Number.isInteger(tick));
  const [low, high] = [y[0] ?? 0, y.at(-1) ?? 1];
  const atX = (/** @type {number} */ step) =>
    PLOT.left + (step / Math.max(1, losses.length)) * (PLOT.right - PLOT.left);
  const atY = (/** @type {number} */ loss) => PLOT.bottom - ((loss - low) / (high - low)) * (PLOT.bottom - PLOT.top);
  const line = (/** @type {readonly number[]} */ values) =>
    values
      .flatMap((value, i) => (Number.isFinite(value) ? [`${round(atX(i + 1))},${round(atY(value))}`] : []))
      .join(' ');

  const rows = y.map(
    (tick) =>
      `<path class="grid" d="M${PLOT.left} ${round(atY(tick))}H${PLOT.right}"/>` +
      `<text class="tick" x="${PLOT.left - 10}" y="${round(atY(tick) + 4)}" text-anchor="end">${label(tick, y)}</text>`,
  );
  const columns = x.map(
    (tick) =>
      `<path class="axis" d="M${round(atX(tick))} ${PLOT.bottom}v5"/>` +
      `<text class="tick" x="${round(atX(tick))}" y="${PLOT.bottom + 22}" text-anchor="middle">${label(tick, x)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeXml(`${title}. ${note}`)}">
<style>
  svg { --paper: #ffffff; --ink: #1d2330; --quiet: #5d6678; --rule: #e4e7ee; --line: #2f5bd7; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #14171f; --ink: #e8ebf2; --quiet: #9aa4b8; --rule: #2a3040; --line: #86a5ff; }
  }
  text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--quiet); }
  .title { font-size: 19px; font-weight: 600; fill: var(--ink); }
  .note { font-size: 14px; font-weight: 600; fill: var(--ink); }
  .tick { font-size: 12px; font-variant-numeric: tabular-nums; }
  .grid { stroke: var(--rule); }
  .axis { stroke: var(--quiet); fill: none; }
  polyline { fill: none; stroke: var(--line); stroke-linejoin: round; stroke-linecap: round; }
  .steps { stroke-width: 1; opacity: 0.4; }
  .trend { stroke-width: 2.5; }
</style>
<rect width="${WIDTH}" height="${HEIGHT}" rx="12" fill="var(--paper)"/>
<text class="title" x="28" y="42">${escapeXml(shorten(title, 40))}</text>
<text x="28" y="66">${escapeXml(shorten(subtitle, 120))}</text>
<text class="note" x="${PLOT.right}" y="42" text-anchor="end">${escapeXml(note)}</text>
${rows.join('\n')}
<path class="axis" d="M${PLOT.left} ${PLOT.bottom}H${PLOT.right}"/>
${columns.join('\n')}
<text x="${(PLOT.left + PLOT.right) / 2}" y="${HEIGHT - 14}" text-anchor="middle">step</text>
<text transform="translate(22 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)" text-anchor="middle">loss, nats per token</text>
<polyline class="steps" points="${line(losses)}"/>
<polyline class="trend" points="${line(smoothed(losses))}"/>
</svg>
`;
}

/** Returns the exponential moving average of values, with bias correction. @param {readonly number[]} values */
function smoothed(values) {
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    if (Number.isFinite(value)) {
      sum = (1 - SMOOTHING) * sum + SMOOTHING * value;
      weight = (1 - SMOOTHING) * weight + SMOOTHING;
    }
    return weight > 0 ? sum / weight : Number.NaN;
  });
}

/**
 * Returns about `wanted` round numbers for an axis. The first is at most `from`, and the last at least `to`.
 * @param {number} from
 * @param {number} to
 * @param {number} wanted
 * @returns {number[]}
 */
export function ticks(from, to, wanted) {
  if (!Number.isFinite(from) || !Number.isFinite(to)) return [0, 1];
  const span = to - from || Math.abs(to) || 1;
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor(from / step);
  const last = Math.max(first + 1, Math.ceil(to / step));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** @param {number} tick @param {readonly number[]} all */
function label(tick, all) {
  const decimals = Math.max(...all.map((value) => (String(value).split('.')[1] ?? '').length));
  return tick.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;

/** @param {string} text @param {number} most */
function shorten(text, most) {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** @param {string} text */
function escapeXml(text) {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

import base from '../../parts/base.css?raw';

/**
 * The panel's styles. The page's `color-scheme` makes them light or dark. All colours except `--danger` are mixed from three custom
 * properties, which a page may set: `--webvera-accent`, `--webvera-surface`, `--webvera-text`.
 */
const CSS = `
:host {
  --accent: var(--webvera-accent, light-dark(#0f6e66, #56c2b5));
  --surface: var(--webvera-surface, light-dark(#fff, #1b1f24));
  --text: var(--webvera-text, light-dark(#1d2125, #e7e9ec));
  --on-accent: oklch(from var(--accent) clamp(0, (0.64 - l) * 1000, 1) 0 0);
  --quiet: color-mix(in oklab, var(--text) 74%, var(--surface));
  --edge: color-mix(in oklab, var(--text) 52%, var(--surface));
  --line: color-mix(in oklab, var(--text) 14%, var(--surface));
  --sunken: color-mix(in oklab, var(--text) 4%, var(--surface));
  --soft: color-mix(in oklab, var(--accent) 13%, var(--surface));
  --danger: light-dark(#a3322a, #ff9a90);
  --radius: var(--webvera-radius, 12px);
  --radius-small: calc(var(--radius) * 0.66);
  display: block;
  container-type: inline-size;
  color: var(--text);
  font: max(16px, 1rem) / 1.5 var(--webvera-font, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif);
  text-align: start;
}
:host([hidden]) { display: none; }
h2, h3, p, figure { margin: 0; }
h2 { font-size: 1.25em; font-weight: 650; line-height: 1.25; text-wrap: balance; }
h3 { font-size: 1em; font-weight: 650; }
section {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  gap: 16px;
  padding: 20px;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--surface);
  hyphens: auto;
  overflow-wrap: anywhere;
  white-space: normal;
  text-transform: none;
  text-indent: 0;
  letter-spacing: normal;
  word-spacing: normal;
}
.stack { display: grid; grid-template-columns: minmax(0, 1fr); align-content: start; gap: 10px; }
.work { display: grid; grid-template-columns: minmax(0, 1fr); gap: 24px; }
.work > * { min-width: 0; }
.work > * + * { padding-top: 20px; border-top: 1px solid var(--line); }
.quiet { color: var(--quiet); font-size: 0.9em; }
.given { color: var(--quiet); }
.actions { display: flex; flex-wrap: wrap; gap: 8px; }
label { display: block; margin-bottom: 4px; font-size: 0.9em; font-weight: 600; }
button, textarea, select { color: inherit; font: inherit; }
textarea {
  display: block;
  width: 100%;
  min-height: 44px;
  padding: 8px 11px;
  border: 1px solid var(--edge);
  border-radius: var(--radius-small);
  background: var(--surface);
  resize: vertical;
}
select { min-height: 40px; max-width: 100%; padding: 6px 11px; border: 1px solid var(--edge); border-radius: var(--radius-small); background: var(--surface); }
button {
  min-height: 40px;
  max-width: 100%;
  padding: 6px 15px;
  border: 1px solid var(--edge);
  border-radius: var(--radius-small);
  background: var(--surface);
  font-size: 0.94em;
  font-weight: 550;
  overflow-wrap: anywhere;
  cursor: pointer;
}
button:hover:enabled:not([aria-disabled="true"]) { border-color: var(--accent); background: var(--soft); }
button.primary { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
button.primary:hover:enabled:not([aria-disabled="true"]) { background: color-mix(in oklab, var(--accent) 88%, var(--text)); }
button.danger { color: var(--danger); }
button.danger:hover:enabled:not([aria-disabled="true"]) { border-color: var(--danger); background: color-mix(in oklab, var(--danger) 10%, var(--surface)); }
button:disabled, button[aria-disabled="true"] { border-color: var(--line); background: var(--sunken); color: var(--quiet); cursor: not-allowed; }
.file { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 8px; }
.file .name { min-width: 0; font-weight: 600; }
.teach[data-dropping], .attempt[data-dropping] { outline: 2px dashed var(--accent); outline-offset: 6px; border-radius: 2px; }
.training { padding: 14px; border-radius: var(--radius-small); background: var(--sunken); }
.thumb { display: inline-flex; align-items: center; gap: 6px; padding-inline: 10px; }
.thumb[aria-pressed="true"] { border-color: var(--accent); background: var(--soft); box-shadow: inset 0 0 0 1px var(--accent); }
.thumb svg { flex: none; width: 18px; height: 18px; }
.thumb.down svg { scale: 1 -1; }
path { fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linejoin: round; }
.thumb[aria-pressed="true"] path { fill: color-mix(in oklab, var(--accent) 40%, transparent); }
.opinion > button { justify-self: start; }
figure svg { display: block; width: 100%; height: 80px; }
polyline {
  fill: none;
  stroke: var(--accent);
  stroke-width: 2;
  stroke-linecap: round;
  stroke-linejoin: round;
  vector-effect: non-scaling-stroke;
}
figcaption { margin-top: 6px; }
.output { padding: 12px 14px; border-radius: var(--radius-small); background: var(--sunken); white-space: pre-wrap; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(76px, 1fr)); gap: 10px; margin: 0; padding: 0; list-style: none; }
.pictures li { display: grid; align-content: start; gap: 2px; font-size: 0.85em; }
canvas { display: block; width: 100%; max-width: 96px; border: 1px solid var(--line); border-radius: var(--radius-small); }
.output canvas { margin-bottom: 12px; }
.score { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px 10px; }
.score + .score { margin-top: 10px; }
.score progress { grid-column: 1 / -1; }
.confirm { padding: 14px; border: 1px solid var(--danger); border-radius: var(--radius-small); }
.messages:not(:has(> :not([hidden]))) { display: none; }
.messages > [part="message"] { padding: 12px 14px; border-inline-start: 4px solid var(--accent); border-radius: 4px; background: var(--sunken); }
.messages > .bad { border-color: var(--danger); }
@container (min-width: 760px) {
  section { padding: 26px; }
  .work { grid-template: "teach attempt" auto "teach kept" 1fr / minmax(0, 1fr) minmax(0, 1fr); gap: 24px 32px; }
  .teach { grid-area: teach; }
  .attempt { grid-area: attempt; }
  .work > .attempt { padding-top: 0; border-top: 0; }
}
@media (prefers-reduced-motion: no-preference) {
  button { transition: background-color 0.12s, border-color 0.12s; }
}
@media (forced-colors: active) {
  polyline { stroke: CanvasText; }
  .thumb[aria-pressed="true"] { border-width: 3px; }
}
`;

/**
 * Adds the styles to a shadow root that has none, also after it has lost them by moving into another document, such as a picture-in-picture
 * window. A constructed style sheet is used, because a Content Security Policy without 'unsafe-inline' allows it.
 */
export function addStyles(root: ShadowRoot): void {
  const { defaultView } = root.ownerDocument; // a sheet belongs to one document
  // Test environments such as jsdom have no constructed style sheets.
  if (defaultView === null || root.adoptedStyleSheets?.length !== 0) return;
  const sheet = new defaultView.CSSStyleSheet();
  sheet.replaceSync(base + CSS);
  root.adoptedStyleSheets = [sheet];
}

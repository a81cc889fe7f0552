// `npm run icons`: draws the demo's icons for home screens from its favicon.
import { mkdirSync, readFileSync } from 'node:fs';
import { openBrowser } from '../browsers/launch.mjs';
import { runCommand } from '../shared/command.mjs';
import { inRepository } from '../shared/paths.mjs';

/**
 * `room`: the drawing's width as a share of the icon's. `fills`: whether the icon has a background. Systems crop icons with a background to
 * shapes of their own; the inner 80 % is always visible.
 * @type {readonly { name: string, edge: number, room: number, fills: boolean }[]}
 */
const ICONS = [
  { name: 'icon-192', edge: 192, room: 1, fills: false },
  { name: 'icon-512', edge: 512, room: 1, fills: false },
  { name: 'maskable-512', edge: 512, room: 0.8, fills: true },
  { name: 'touch-180', edge: 180, room: 0.9, fills: true },
];

const GROUND = '#0f6e66';

await runCommand('icons', async () => {
  const mark = readFileSync(inRepository('demo/public/favicon.svg'));
  const folder = inRepository('demo/public/icons');
  mkdirSync(folder, { recursive: true });
  const { browser, close } = await openBrowser('chrome');
  try {
    const page = await browser.newPage();
    for (const { name, edge, room, fills } of ICONS) {
      await page.setViewport({ width: edge, height: edge });
      const style = `margin:0;background:${fills ? GROUND : 'none'};display:grid;place-items:center;height:100vh`;
      const image = `<img width="${edge * room}" src="data:image/svg+xml;base64,${mark.toString('base64')}">`;
      await page.setContent(`<body style="${style}">${image}</body>`, { waitUntil: 'load' });
      await page.screenshot({ path: `${folder}/${name}.png`, omitBackground: true });
    }
  } finally {
    await close();
  }
  console.log(`demo/public/icons has ${ICONS.length} icons.`);
});

// `npm run clicks`: builds the site, and visits its demo for the first time in both browsers, without a graphics card. Prints the clicks,
// bytes and seconds until each result is shown.
import { runCommand } from '../shared/command.mjs';
import { npm } from '../shared/npm.mjs';
import { inRepository } from '../shared/paths.mjs';
import { tableLines } from '../shared/table.mjs';
import { visitCosts } from './visit_costs.mjs';

const DEMO = inRepository('out/site/demo');

await runCommand('clicks', async () => {
  npm(['run', '--silent', 'site'], { stdio: 'inherit' });
  const rows = [['Browser', 'Until', 'Clicks', 'MB', 'Seconds after the click']];
  for (const kind of /** @type {const} */ (['chrome', 'firefox'])) {
    for (const { name, clicks, bytes, seconds } of await visitCosts(kind, DEMO)) {
      rows.push([kind, name, String(clicks), (bytes / 1e6).toFixed(2), seconds.toFixed(1)]);
    }
  }
  console.log(tableLines(rows).join('\n'));
});

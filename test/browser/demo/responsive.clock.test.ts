import { STEPS, testResponsive } from '../helpers/responsive';
import { click, fill } from './demo_page';

testResponsive('the demo, with its chart and numbers,', {
  path: '/demo/',
  step: '#number-step',
  async start(page) {
    await click(page, '#samples li:nth-child(4) button'); // the book
    await page.click('#settings summary');
    await fill(page, { max_steps: String(STEPS), max_length: '128' });
    await click(page, '#start');
  },
});

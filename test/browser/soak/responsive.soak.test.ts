import { click } from '../demo/demo_page';
import { testResponsive } from '../helpers/responsive';

testResponsive('a page', {
  path: '/pages/engine/responsive.html',
  step: '#step',
  start: (page) => click(page, '#start'),
});

testResponsive('the page of the demo that sorts messages', {
  path: '/demo/classify.html',
  step: '#train-status',
  // The page learns its sample messages when it opens. Refining takes more than 10 steps.
  start: (page) => click(page, '#refine'),
});

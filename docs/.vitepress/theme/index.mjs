// The default theme with the fonts of the visitor's system.
import theme from 'vitepress/theme-without-fonts';
import { h } from 'vue';
import './style.css';

/** Beside the title of the first page. */
const CODE = `import { AutoModelForCausalLM, Profile } from 'webvera';

const base = await AutoModelForCausalLM
  .from_pretrained('HuggingFaceTB/SmolLM2-135M');
const ada = await Profile.open(base, 'ada');
await ada.add([{ text: letters.value }]);
await ada.learn({ when: 'idle' });
answer.value = await ada.generate('Dear');`;

/** Gives the first page, which has no `<main>`, its landmark. */
function markMain() {
  const content = document.querySelector('#VPContent');
  if (content?.querySelector('main') === null) content.setAttribute('role', 'main');
  else content?.removeAttribute('role');
}

export default {
  extends: theme,
  Layout: () => h(theme.Layout, null, { 'home-hero-image': () => h('pre', { class: 'hero-code' }, CODE) }),
  enhanceApp({ router }) {
    if (import.meta.env.SSR) return;
    router.onAfterRouteChanged = () => requestAnimationFrame(markMain);
  },
};

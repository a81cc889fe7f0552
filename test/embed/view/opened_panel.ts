import type { ElementTask } from '../../../src/embed/settings';
import { Panel } from '../../../src/embed/view/panel';
import type { FakeElement } from '../fake_dom';
import { settled, type World } from '../learner_world';

/** Loads a learner, and makes a panel that receives all its reports, as the element's panel does. */
export async function openPanel(world: World, task: ElementTask = 'causal-lm', { loads = true } = {}) {
  world.attributes.task = task;
  const learner = world.learner((type, detail) => panel.hear(type, detail));
  const panel = new Panel(learner, { task, name: () => 'name', hasOpinions: () => true });
  const root = panel.root as unknown as FakeElement;
  const find = (matches: (element: FakeElement) => boolean): FakeElement => {
    const found = root.all.find(matches);
    if (found === undefined) throw new Error('the panel has no such element');
    return found;
  };
  const named = (text: string) => find((each) => each.localName === 'button' && each.textContent === text);
  const output = find((each) => each.getAttribute('part') === 'output');
  const enter = (id: string, value: string): void => {
    const field = find((each) => each.id === id);
    field.value = value;
    field.dispatchEvent(new Event('input'));
  };
  if (loads) await learner.load();
  await settled();
  if (task !== 'image-classification') enter('prompt', 'It was');
  return { learner, panel, root, output, named, enter, press: (text: string) => named(text).click() };
}

import { defaultSession, Profile } from 'webvera';
import 'webvera/embed.js';

const show = (line: string) => document.body.append(line, document.createElement('br'));

const tag = document.createElement('web-vera');
const attributes = { model: '/model/', headless: '', 'max-steps': '4', 'max-length': '64' };
for (const [name, value] of Object.entries(attributes)) tag.setAttribute(name, value);
tag.addEventListener('webvera-log', ({ detail }) => show(`step ${detail.step}: loss ${detail.loss.toFixed(3)}`));
document.body.append(tag);
await tag.teach(await (await fetch('/text.txt')).blob());

// A profile accepts only a model of the default session, loaded by the same module.
if (tag.model) await Profile.open(tag.model, 'another', { session: await defaultSession() });
const weights = (await tag.export()).get('adapter_model.safetensors');
show(`kept ${weights?.size} bytes`);

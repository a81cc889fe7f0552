import { readFileSync } from 'node:fs';

/** The hub's addresses in INTEGRATING.md's Content Security Policies. Tests remove them, because they use their own server. */
export const HUB = ' https://huggingface.co https://*.huggingface.co https://*.hf.co';

/** Returns the Content Security Policies in a section of a document, in order. So tests use the policies that readers copy. */
export function documentedPolicies(file: string, heading: string): readonly string[] {
  const page = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
  const [, section = ''] = page.split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [text = ''] = section.split(/^#+ /m);
  const policies = [...text.matchAll(/```http\nContent-Security-Policy: (.+)\n```/g)].map(([, policy = '']) => policy);
  if (policies.length === 0) throw new Error(`Expected a policy in ${file}, ${heading}`);
  return policies;
}

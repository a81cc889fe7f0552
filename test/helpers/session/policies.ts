import { readFileSync } from 'node:fs';

/** How INTEGRATING.md writes the hub, where tests have a server of their own. */
export const HUB = ' https://huggingface.co https://*.huggingface.co https://*.hf.co';

/** The policies that a section of a document shows, in order: what a test runs under is what a reader copies. */
export function documentedPolicies(file: string, heading: string): readonly string[] {
  const page = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
  const [, section = ''] = page.split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [text = ''] = section.split(/^#+ /m);
  const policies = [...text.matchAll(/```http\nContent-Security-Policy: (.+)\n```/g)].map(([, policy = '']) => policy);
  if (policies.length === 0) throw new Error(`Expected a policy in ${file}, ${heading}`);
  return policies;
}

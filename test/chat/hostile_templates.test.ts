import { describe, expect, test } from 'vitest';
import { ChatWriter } from '../../src/chat/chat_writer';
import type { ChatMessage } from '../../src/core/types/chat';
import { chatOf, hello, rendered, textOf } from '../helpers/chats';
import { expectWithin } from '../helpers/clock';

const long: readonly ChatMessage[] = [{ role: 'user', content: 'a'.repeat(500_000) }];
const doubled = (what: string, how: string): string =>
  `{% set ns = namespace(a=${what}) %}{% for i in range(60) %}{% set ns.a = ${how} %}{% endfor %}`;

const nested = (count: number, open: string, close: string): string => open.repeat(count) + close.repeat(count);

/** For each attack: its name, the template, and the messages if they matter. */
const hostile: readonly (readonly [what: string, source: string, messages?: readonly ChatMessage[]])[] = [
  ['a huge range', '{% for i in range(3000000) %}{{ i }}{% endfor %}'],
  ['a range without an end', '{{ range(0, 9007199254740991) | length }}'],
  ['loops within loops that do nothing', nested(4, '{% for i in range(50000) %}', '{% endfor %}')],
  [
    'loops that choose nothing',
    '{% for i in range(60000) %}{% for j in range(60000) if false %}{% endfor %}{% endfor %}',
  ],
  ['a macro that calls itself', '{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}'],
  [
    'a macro that calls itself twice',
    '{% macro a(n) %}{% if n %}{{ a(n - 1) }}{{ a(n - 1) }}{% endif %}{% endmacro %}{{ a(60) }}',
  ],
  [
    'a macro made again and again',
    `{% for i in range(60000) %}{% macro a() %}${'{{ i }}'.repeat(9000)}{% endmacro %}{% endfor %}`,
  ],
  ['a text that doubles', `${doubled("'a'", 'ns.a ~ ns.a')}{{ ns.a }}`],
  ['a list that doubles', `${doubled('[1]', 'ns.a + ns.a')}{{ ns.a | length }}`],
  ['a list of itself twice, printed', `${doubled('[1]', '[ns.a, ns.a]')}{{ ns.a }}`],
  ['an object of itself twice, as JSON', `${doubled("{'a': 1}", "{'a': ns.a, 'b': ns.a}")}{{ ns.a | tojson }}`],
  ['a namespace within itself', '{% set ns = namespace(a=1) %}{% set ns.a = [ns, ns] %}{{ ns.a | tojson }}'],
  [
    'a namespace that grows after it was looked at',
    `{% set ns = namespace(a=1) %}{% set b = [${'ns,'.repeat(2000)}] %}{% set ns.a = messages[0].content %}{{ b | tojson }}`,
    long,
  ],
  ['a replacement by something long', "{{ messages[0].content | replace('a', messages[0].content) }}", long],
  ['the same as a method', "{{ messages[0].content.replace('', messages[0].content) }}", long],
  ['a method under another name', "{% set f = messages[0].content.replace %}{{ f('a', messages[0].content) }}", long],
  ['a method as a block', "{% call messages[0].content.replace('a', messages[0].content) %}{% endcall %}", long],
  ['a method by a computed name', "{{ messages[0].content['re' ~ 'place']('a', messages[0].content) }}", long],
  ['arguments that are spread', "{{ messages[0].content.replace(*['a', messages[0].content]) }}", long],
  ['a list joined by something long', '{{ range(60000) | join(messages[0].content) }}', long],
  ['a wide indent', "{{ ('a\\n' * 1) ~ messages[0].content | replace('a', '\\n ') | indent(100000000) }}", long],
  ['JSON with a wide indent', '{{ messages | tojson(indent=100000000) }}'],
  [
    'a text searched for in a text',
    `{% for i in range(60000) %}{{ (messages[0].content[1:] ~ 'b') in messages[0].content }}{% endfor %}`,
    long,
  ],
  ['a text split by a text', "{{ messages[0].content.split(messages[0].content[:200000] ~ 'b') | length }}", long],
  ['slices of something long', '{% for i in range(60000) %}{% set a = messages[0].content[::-1] %}{% endfor %}', long],
  [
    'tests of something long',
    '{% for i in range(60000) %}{% if messages[0].content is lower %}{% endif %}{% endfor %}',
    long,
  ],
  ['a list sorted again and again', '{% for i in range(60000) %}{% set a = range(60000) | sort %}{% endfor %}'],
  ['brackets within brackets', `{{ ${nested(50_000, '(', ')')} }}`],
  ['lists within lists', `{{ ${nested(50_000, '[', ']')} }}`],
  ['blocks within blocks', nested(10_000, '{% if true %}', '{% endif %}')],
  ['a long sum', `{{ 1${' + 1'.repeat(60_000)} }}`],
  ['white space', `{{ 1 }}${' '.repeat(250_000)}`],
  ['a template that is too long', ' a'.repeat(2 ** 18)],
  ['tags that never end', '{% generation '.repeat(18_000)],
  [
    'a date in a long form',
    `{{ strftime_now(messages[0].content) }}{% for i in range(60000) %}{{ strftime_now('%B' ~ messages[0].content) }}{% endfor %}`,
    long,
  ],
];

describe('hostile templates end soon', () => {
  const cases = hostile.map(([what, source, messages = hello]) => ({ what, source, messages }));

  test.each(cases)('$what', ({ source, messages }) => {
    const writer = new ChatWriter();
    const begin = performance.now();
    const outcome = textOf(writer.render({ source, tokens: {} }, chatOf(messages, { turns: true })));
    expectWithin(3000, performance.now() - begin);
    const code = expect.stringMatching(/^(limit_exceeded|timeout|invalid_format)$/);
    expect(outcome).toMatchObject({ kind: 'webvera', code });
    expect((outcome as { readonly message: string }).message.length).toBeLessThan(300);
    // The next template is rendered as usual.
    expect(textOf(writer.render({ source: '{{ messages[0].content }}', tokens: {} }, chatOf(hello)))).toBe('Hello');
  });
});

test.each([
  'indent(500000000)',
  'indent(*[500000000])',
  'indent(**{"width": 500000000})',
  'indent(true and 500000000)',
  'tojson(indent=500000000)',
  'tojson(**{"indent": 500000000})',
])('%s is refused before it needs memory', (filter) => {
  const code = 'limit_exceeded';
  const message = expect.stringContaining('it takes too much work');
  expect(rendered(`{{ "a\\nb" | ${filter} }}`)).toMatchObject({ code, message });
  expect(rendered(`{% filter ${filter} %}a\nb{% endfilter %}`)).toMatchObject({ code, message });
});

describe('templates reach nothing of JavaScript', () => {
  test.each([
    '{{ messages.constructor }}',
    "{{ messages['constructor']['constructor']('return globalThis')() }}",
    '{{ messages.__proto__ }}{{ messages[0].__proto__.polluted }}',
    "{{ ''.constructor.constructor('return this')() }}",
    '{{ self }}{{ this }}{{ globalThis }}{{ process }}',
    '{% set ns = namespace() %}{% set ns.__proto__ = {"polluted": 1} %}{{ ns.polluted }}',
    "{{ raise_exception.constructor('return 1')() }}",
    '{% set ns = namespace(__proto__={"polluted": 1}) %}{% set ns.constructor = 1 %}{{ {}.polluted }}',
    "{{ {'__proto__': {'polluted': 1}}.polluted }}{{ {'constructor': 2} | tojson }}",
  ])('%s', (source) => {
    const outcome = rendered(source);
    if (typeof outcome === 'string') expect(outcome).toMatch(/^(\{"constructor": 2\})?$/);
    else expect(outcome).toMatchObject({ code: 'invalid_format' });
    expect(({} as { readonly polluted?: unknown }).polluted).toBeUndefined();
  });

  test('a role that is called as a method is text', () => {
    expect(rendered('{{ messages[0].role }}', [{ role: '__proto__', content: '' }])).toBe('__proto__');
  });
});

test('a long conversation with many turns is no attack', () => {
  const messages = Array.from({ length: 60 }, (_, i) => ({
    role: i % 2 === 0 ? 'user' : 'assistant',
    content: `Turn ${i}. ${'word '.repeat(200)}`,
  }));
  const source =
    "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'].strip() + '<|end|>' }}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}";
  // The clock stands still, so only the limit on steps applies: a busy machine may exceed the time limit of two seconds.
  const writer = new ChatWriter({ now: () => 0 });
  const outcome = writer.render({ source, tokens: {} }, chatOf(messages, { turns: true }));
  expect(outcome).toMatchObject({ rendered: { turns: { length: 30 }, uncertain: 0 } });
});

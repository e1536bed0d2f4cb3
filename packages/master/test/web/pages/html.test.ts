import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { html } from '../../../src/web/pages/html.ts';

describe('html', () => {
  it('escapes values, in text and in attributes', () => {
    const hostile = `<script>"'&`;

    assert.equal(
      html`<p title="${hostile}">${hostile}</p>`.toString(),
      '<p title="&lt;script&gt;&quot;&#39;&amp;">&lt;script&gt;&quot;&#39;&amp;</p>',
    );
  });

  it('takes markup and lists of markup as they are', () => {
    assert.equal(html`<ul>${['<', '>'].map((text) => html`<li>${text}</li>`)}</ul>`.toString(),
      '<ul><li>&lt;</li><li>&gt;</li></ul>'); // prettier-ignore
  });

  it('shows 0, and nothing for null, undefined and false', () => {
    assert.equal(html`${0}${null}${undefined}${false}${[]}`.toString(), '0');
  });

  it('escapes an object that only looks like markup', () => {
    const lookalike = JSON.parse('{"toString":"x","text":"<b>"}') as never;

    assert.throws(() => html`${lookalike}`);
  });

  it('makes characters visible that turn the direction of text', () => {
    assert.equal(html`a‮b⁦c`.toString(), 'a\u202eb\u2066c');
    assert.equal(html`${'a\u202eb\u2066c'}`.toString(), 'a\uFFFDb\uFFFDc');
  });
});

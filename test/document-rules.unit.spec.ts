import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';

// Documents are changed here the way a mistake would change them.
type Json = Record<string, ReturnType<typeof JSON.parse>>;

/** A mistake in each kind of place that a rule looks at, and the rule that finds it. */
const MISTAKES: readonly [rule: string, file: string, change: (document: Json) => void][] = [
  [
    'owasp:api4:2023-string-limit',
    'openapi',
    ({ components }) => delete components.schemas.Name.properties.firstName.maxLength,
  ],
  [
    'owasp:api4:2023-string-restricted',
    'openapi',
    ({ components }) => delete components.schemas.Money.properties.currency.pattern,
  ],
  [
    'owasp:api4:2023-array-limit',
    'openapi',
    ({ components }) => delete components.schemas.CustomerInput.properties.addresses.maxItems,
  ],
  [
    'owasp:api4:2023-integer-limit',
    'openapi',
    ({ components }) => delete components.schemas.OrderItem.properties.quantity.maximum,
  ],
  ['owasp:api4:2023-rate-limit-responses-429', 'openapi', ({ paths }) => delete paths['/orders'].post.responses['429']],
  ['owasp:api2:2023-write-restricted', 'openapi', ({ paths }) => delete paths['/orders'].post.security],
  ['operation-description', 'openapi', ({ paths }) => delete paths['/orders'].get.description],
  [
    'asyncapi-3-operation-description',
    'asyncapi',
    ({ operations }) => delete (Object.values(operations)[0] as Json).description,
  ],
];

describe('the rules of the documents', () => {
  const folder = mkdtempSync(join(tmpdir(), 'document-rules-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('find each mistake', () => {
    cpSync('.spectral.yaml', join(folder, '.spectral.yaml'));
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'), 'junction');
    mkdirSync(join(folder, 'docs'));
    for (const file of ['openapi', 'asyncapi']) {
      const document = JSON.parse(readFileSync(`docs/${file}.json`, 'utf8')) as Json;
      for (const [, of, change] of MISTAKES) if (of === file) change(document);
      writeFileSync(join(folder, `docs/${file}.json`), JSON.stringify(document));
    }
    const args = ['lint', '--format', 'json', '--quiet', 'docs/*.json'];
    const cli = resolve('node_modules/@stoplight/spectral-cli/dist/index.js');
    const { stdout } = spawnSync(process.execPath, [cli, ...args], { cwd: folder, encoding: 'utf8' });
    const found = (JSON.parse(stdout) as { code: string }[]).map(({ code }) => code);
    expect([...new Set(found)].sort()).toEqual(MISTAKES.map(([rule]) => rule).sort());
  }, 120_000);
});
